// Keys a second from a PostgreSQL on this machine, over one connection with one request in flight:
// batches of 256 keys as one array, against one query a key. `ratio` is the median over rounds in
// which both ran one after the other. Answers are checked first.
#include <benchmark/benchmark.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/timers.h"
#include "benchmarks/support/rounds.h"
#include "clients/postgres_client.h"
#include "resilience/breaker_front.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/postgres_server.h"

namespace logbraid {
namespace {

using bench::compare;
using bench::require;
using bench::wall_seconds;
using std::chrono::seconds;

constexpr std::size_t kRows = 100'000;
constexpr std::size_t kBatch = 256;
constexpr std::size_t kKeys = 8 * kBatch;  // of a round
constexpr int kRounds = 21;

test::PostgresServer& server() {
  static test::PostgresServer made;
  static const bool filled = [] {
    made.execute(
        "create table users(id int primary key, name text, plan text);"
        "insert into users select n, 'name' || n, 'plan' || n % 7"
        " from generate_series(0, " +
        std::to_string(kRows - 1) +
        ") n;"
        "analyze users; grant select on users to reader");
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return made;
}

// A client, and a thread that turns its loop until an answer is there.
class Asker final : private RequestOwner {
 public:
  Asker(const std::string& query, bool takes_array)
      : timers_(clock_.now()), breaker_({}, seconds(30), 0, {}) {
    PostgresStatement statement;
    statement.text = query;
    statement.takes_array = takes_array;
    statement.columns = {"name", "plan"};
    auto options = std::make_shared<PostgresOptions>(
        PostgresTarget::parse(server().socket_url(), "").value(), statement,
        KeySpec({KeyTemplate::parse("{{id}}", KeyEscape::none).value()}));
    options->connections = 1;
    client_ = std::make_unique<PostgresClient>(
        options, LookupSurroundings{"bench", timers_, clock_, loop_io_, front_, bulkhead_, retry_,
                                    seconds(30), 0, 1, shared_, recorder_});
  }
  ~Asker() { client_.reset(); }

  // All keys, `at_once` of them in a request, one request after the other; gives the answers.
  const std::string& ask(const std::vector<std::string>& keys, std::size_t at_once) {
    answers_.clear();
    for (std::size_t first = 0; first < keys.size(); first += at_once) {
      request_.begin();
      for (std::size_t i = first; i < first + at_once; ++i) request_.add(keys[i]);
      ended_ = false;
      client_->send(request_);
      while (!ended_) io_.run_one();
      for (std::size_t i = 0; i < at_once; ++i) answers_ += request_.answer(i);
    }
    return answers_;
  }

 private:
  void request_ended(Request& request) noexcept override {
    ended_ = true;
    require(request.error() == RequestError::none, request.why());
  }

  const SteadyClock clock_;
  boost::asio::io_context io_{1};
  LoopIo loop_io_{&io_};
  Timers timers_;
  CircuitBreaker breaker_;
  BreakerFront front_{breaker_};
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  SharedOnShard shared_;
  LookupRecorder recorder_;
  Request request_{*this};
  std::unique_ptr<PostgresClient> client_;
  std::string answers_;
  bool ended_ = false;
};

std::vector<std::string> some_keys() {
  std::mt19937 random(20240501);
  std::vector<std::string> keys;
  std::unordered_set<std::size_t> seen;  // the layer asks for a key once
  while (keys.size() < kKeys) {
    const std::size_t key = random() % kRows;
    if (seen.insert(key).second) keys.push_back(std::to_string(key));
  }
  return keys;
}

std::string right_answers(const std::vector<std::string>& keys) {
  std::string answers;
  for (const std::string& key : keys) {
    append_answer(answers, 0, "name" + key);
    append_answer(answers, 1, "plan" + std::to_string(std::stoul(key) % 7));
  }
  return answers;
}

void batches_of_256_against_one_query_a_key(benchmark::State& state) {
  if (!test::PostgresServer::is_installed()) {
    for (auto _ : state) state.SetLabel("left out: no PostgreSQL (Debian: postgresql)");
    return;
  }
  Asker many("select id, name, plan from users where id = any($1)", true);
  Asker one("select name, plan from users where id = $1", false);
  const std::vector<std::string> keys = some_keys();
  const std::string right = right_answers(keys);
  require(one.ask(keys, 1) == right, "one query a key finds all");
  require(many.ask(keys, kBatch) == right, "an array finds all");
  for (auto _ : state) {
    const auto result = compare(
        kRounds, &wall_seconds, [&] { one.ask(keys, 1); }, [&] { many.ask(keys, kBatch); });
    state.counters["keys/s"] = kKeys / result.second;
    state.counters["keys/s_one_by_one"] = kKeys / result.first;
    state.counters["ratio"] = result.ratio;
    state.counters["least"] = result.least;
    state.counters["most"] = result.most;
  }
}
BENCHMARK(batches_of_256_against_one_query_a_key)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid
