// The client of the http enricher alone, one shard, 64 requests in flight, against `wrk -c64 -t1`:
// both ask the same nginx (one worker) for the same 100 bytes of JSON, in turn.
//
// `ratio` is the median over rounds of the client's requests a second to wrk's in the same round.
// Every answer is checked while it is counted; one that is wrong ends the program.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/support/client_load.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "clients/http_client.h"
#include "lookup/key_template.h"
#include "tests/support/child_process.h"
#include "tests/support/nginx.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kInFlight = 64;
constexpr const char* kWrk = "/usr/bin/wrk";

// 100 bytes.
constexpr std::string_view kReply =
    R"({"plan":"business","org":{"name":"Example Inc","seats":250},"active":true,"since":"2021-03-04"     })";
static_assert(kReply.size() == 100);

std::string locations() {
  return "access_log off; location / { return 200 '" + std::string(kReply) + "'; }\n";
}

std::shared_ptr<const HttpOptions> options_for(const std::string& url) {
  std::vector<KeyTemplate> parts;
  parts.push_back(*KeyTemplate::parse("/users/{{id}}", KeyEscape::url_path));
  auto options =
      std::make_shared<HttpOptions>(HttpUrl::parse(url)->origin, KeySpec(std::move(parts)));
  options->reply.fields.push_back(*JsonPointer::parse("/plan"));
  options->reply.fields.push_back(*JsonPointer::parse("/org/name"));
  return options;
}

ClientLoad load_on(const std::string& url) {
  std::string right;
  append_answer(right, 0, "business");
  append_answer(right, 1, "Example Inc");
  return ClientLoad({[options = options_for(url)](const LookupSurroundings& surroundings) {
                       return std::make_unique<HttpClient>(surroundings, options, std::string());
                     },
                     kInFlight, [](Request& request) { request.add("/users/u123456"); },
                     [right](const Request& request) { return request.answer(0) == right; }});
}

double run_wrk(const std::string& url, double seconds) {
  const auto result =
      test::run_process({kWrk, "-c64", "-t1", "-d" + std::to_string(static_cast<int>(seconds)),
                         url + "/users/u123456"});
  constexpr std::string_view kLabel = "Requests/sec:";
  const std::size_t at = result.out.find(kLabel);
  require(result.code == 0 && at != std::string::npos, "wrk: " + result.out + result.err);
  require(result.out.find("Non-2xx") == std::string::npos, "wrk: " + result.out);
  return std::strtod(result.out.c_str() + at + kLabel.size(), nullptr);
}

void compare_with_wrk(benchmark::State& state) {
  if (!test::Nginx::is_installed()) return state.SkipWithError("nginx is not installed");
  const test::Nginx nginx(locations());
  const double seconds = full_or_smoke(2.0, 1.0);
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (auto _ : state) {
    for (int round = 0; round < full_or_smoke(7, 1); ++round) {
      ours.push_back(load_on(nginx.url()).run(seconds));
      theirs.push_back(run_wrk(nginx.url(), seconds));
      ratios.push_back(ours.back() / theirs.back());
    }
  }
  state.counters["requests_per_s"] = median(ours);
  state.counters["wrk_per_s"] = median(theirs);
  state.counters["ratio"] = median(ratios);
  state.counters["ratio_least"] = *std::ranges::min_element(ratios);
  state.counters["ratio_most"] = *std::ranges::max_element(ratios);
}
BENCHMARK(compare_with_wrk)->Name("http_client/keep_alive_64")->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace logbraid::bench
