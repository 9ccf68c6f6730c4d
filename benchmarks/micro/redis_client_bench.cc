// The client of the redis enricher alone, one shard, one connection, 256 keys a request, against
// `redis-benchmark -P 16 -c 50 GET`: both ask the same redis-server for the same 100,000 keys of 32
// bytes, in turn.
//
// `ratio` is the median over rounds of the client's keys a second to redis-benchmark's in the same
// round. Every answer is checked while it is counted; one that is wrong ends the program.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/support/client_load.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "clients/redis_client.h"
#include "tests/support/child_process.h"
#include "tests/support/redis_server.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kKeys = 100'000;
constexpr std::size_t kBatch = 256;
constexpr std::size_t kInFlight = 8;  // requests
constexpr const char* kBaseline = "/usr/bin/redis-benchmark";

std::string key_of(std::size_t number) { return fmt::format("key:{:012}", number); }

// Keys a second that the client gets, all of them in no order that helps the server.
double keys_per_second(const RedisSetup& setup, double seconds) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back(key_of(i));
  std::string right;
  append_answer(right, 0, std::string(32, 'x'));
  std::size_t next = 0;
  ClientLoad load({[&](const LookupSurroundings& surroundings) {
                     return make_redis_client(setup, surroundings);
                   },
                   kInFlight,
                   [&](Request& request) {
                     for (std::size_t i = 0; i < kBatch; ++i) {
                       next = (next + 7919) % kKeys;
                       request.add(keys[next]);
                     }
                   },
                   [&](const Request& request) {
                     for (std::size_t row = 0; row < kBatch; ++row) {
                       if (request.row(row) != Request::Row::found) return false;
                       if (request.answer(row) != right) return false;
                     }
                     return true;
                   }});
  return load.run(seconds) * kBatch;
}

double run_baseline(std::uint16_t port, std::size_t requests) {
  const auto result = test::run_process(
      {kBaseline, "-p", std::to_string(port), "-P", "16", "-c", "50", "-r", std::to_string(kKeys),
       "-n", std::to_string(requests), "--csv", "GET", "key:__rand_int__"});
  // "GET key:__rand_int__","1388888.88",...
  constexpr std::string_view kLabel = "__\",\"";
  const std::size_t at = result.out.rfind(kLabel);
  require(result.code == 0 && at != std::string::npos, "redis-benchmark: " + result.out);
  return std::strtod(result.out.c_str() + at + kLabel.size(), nullptr);
}

void compare_with_redis_benchmark(benchmark::State& state) {
  if (!test::RedisServer::installed()) return state.SkipWithError("redis-server is not installed");
  const test::RedisServer server;
  server.run({"EVAL",
              "for i = 0, ARGV[1] - 1 do redis.call('SET', string.format('key:%012d', i), "
              "string.rep('x', 32)) end",
              "0", std::to_string(kKeys)});
  RedisSetup setup;
  setup.connection.endpoint = RedisUrl::parse(server.tcp_url()).value().endpoint;
  const double seconds = full_or_smoke(2.0, 0.2);
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (auto _ : state) {
    for (int round = 0; round < full_or_smoke(7, 1); ++round) {
      ours.push_back(keys_per_second(setup, seconds));
      theirs.push_back(run_baseline(server.port(), full_or_smoke(2'000'000, 50'000)));
      ratios.push_back(ours.back() / theirs.back());
    }
  }
  state.counters["keys_per_s"] = median(ours);
  state.counters["redis_benchmark_per_s"] = median(theirs);
  state.counters["ratio"] = median(ratios);
  state.counters["ratio_least"] = *std::ranges::min_element(ratios);
  state.counters["ratio_most"] = *std::ranges::max_element(ratios);
}
BENCHMARK(compare_with_redis_benchmark)
    ->Name("redis_client/mget_256")
    ->Iterations(1)
    ->UseRealTime();

}  // namespace
}  // namespace logbraid::bench
