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

#include "async/loop.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "clients/redis_client.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/child_process.h"
#include "tests/support/redis_server.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kKeys = 100'000;
constexpr std::size_t kBatch = 256;
constexpr std::size_t kInFlight = 8;  // requests
constexpr std::uint64_t kWarmUp = 100 * kInFlight;
constexpr const char* kBaseline = "/usr/bin/redis-benchmark";

std::string key_of(std::size_t number) { return fmt::format("key:{:012}", number); }

// A loop with the client on it, and requests that are sent again, for other keys, as soon as they
// are back.
class Load final : public RequestOwner {
 public:
  explicit Load(const RedisSetup& setup)
      : client_(make_redis_client(
            setup, {"bench", loop_.timers(), clock_, loop_.io(), front_, bulkhead_, retry_,
                    std::chrono::seconds(1), 0, 1, shared_, recorder_})) {
    append_answer(right_, 0, std::string(32, 'x'));
    for (std::size_t i = 0; i < kKeys; ++i) keys_.push_back(key_of(i));
    for (std::size_t i = 0; i < kInFlight; ++i) {
      requests_.push_back(std::make_unique<Request>(*this));
    }
  }

  // Keys a second, once the connection stands. Once.
  double run(double seconds) {
    seconds_ = seconds;
    for (const auto& request : requests_) send(*request);
    loop_.run([] { return false; });
    return static_cast<double>((done_ - kWarmUp) * kBatch) / (wall_seconds() - start_);
  }

 private:
  void send(Request& request) {
    request.begin();
    for (std::size_t i = 0; i < kBatch; ++i) {
      next_ = (next_ + 7919) % kKeys;  // all of them, in no order that helps the server
      request.add(keys_[next_]);
    }
    ++under_way_;
    client_->send(request);
  }
  void request_ended(Request& request) noexcept override {
    --under_way_;
    require(request.error() == RequestError::none, request.why());
    for (std::size_t row = 0; row < kBatch; ++row) {
      require(request.row(row) == Request::Row::found && request.answer(row) == right_, "a value");
    }
    ++done_;
    if (done_ == kWarmUp) start_ = wall_seconds();
    if (done_ > kWarmUp && wall_seconds() > start_ + seconds_) ended_ = true;
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
  std::unique_ptr<Client> client_;
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Request>> requests_;
  std::string right_;
  std::size_t under_way_ = 0;
  std::uint64_t done_ = 0;
  double seconds_ = 0;
  double start_ = 0;
  bool ended_ = false;
};

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
      Load load(setup);
      ours.push_back(load.run(seconds));
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
