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

#include "async/loop.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "clients/http_client.h"
#include "lookup/key_template.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/child_process.h"
#include "tests/support/nginx.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kInFlight = 64;
constexpr std::uint64_t kWarmUp = 100 * kInFlight;
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

// A loop with the client on it, and requests that are sent again as soon as they are back.
class Load final : public RequestOwner {
 public:
  explicit Load(const std::string& url)
      : client_({"bench", loop_.timers(), clock_, loop_.io(), front_, bulkhead_, retry_,
                 std::chrono::seconds(1), 0, 1, shared_, recorder_},
                options_for(url), {}) {
    append_answer(right_, 0, "business");
    append_answer(right_, 1, "Example Inc");
    for (std::size_t i = 0; i < kInFlight; ++i) {
      requests_.push_back(std::make_unique<Request>(*this));
    }
  }

  // Requests a second, once all connections stand. Once.
  double run(double seconds) {
    seconds_ = seconds;
    for (const auto& request : requests_) send(*request);
    loop_.run([] { return false; });
    return static_cast<double>(done_ - kWarmUp) / (wall_seconds() - start_);
  }

 private:
  void send(Request& request) {
    request.begin();
    request.add("/users/u123456");
    ++under_way_;
    client_.send(request);
  }
  void request_ended(Request& request) noexcept override {
    --under_way_;
    require(request.error() == RequestError::none && request.answer(0) == right_,
            request.why().empty() ? "the values of a reply" : request.why());
    ++done_;
    if (done_ == kWarmUp) start_ = wall_seconds();
    if (done_ > kWarmUp && done_ % 64 == 0 && wall_seconds() > start_ + seconds_) ended_ = true;
    if (!ended_) {
      send(request);
    } else if (under_way_ == 0) {
      loop_.stop();
    }
  }

  const SteadyClock clock_;
  Loop loop_{clock_};
  SharedOnShard shared_;
  LookupRecorder recorder_;
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  CircuitBreaker breaker_{{}, std::chrono::seconds(1), 0, {}};
  BreakerFront front_{breaker_};
  HttpClient client_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::string right_;
  std::size_t under_way_ = 0;
  std::uint64_t done_ = 0;
  double seconds_ = 0;
  double start_ = 0;
  bool ended_ = false;
};

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
      Load load(nginx.url());
      ours.push_back(load.run(seconds));
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
