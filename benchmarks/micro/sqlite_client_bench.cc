// A hit in an SQLite file of 100,000 rows: what it costs the shard, against the same statement run
// by hand, and against the way to another thread and back that running it there would cost on top.
// Answers are checked first; `ratio` is the median over rounds, both in turn.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "async/timers.h"
#include "benchmarks/support/rounds.h"
#include "clients/sqlite_client.h"
#include "resilience/breaker_front.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using bench::compare;
using bench::require;
using bench::thread_seconds;
using bench::wall_seconds;
using std::chrono::seconds;

constexpr int kRows = 100'000;
constexpr std::size_t kKeys = 4096;  // of a round
constexpr int kRounds = 21;
constexpr const char* kQuery = "select name, plan from users where id = ?1";

std::string make_file(const test::TemporaryDirectory& directory) {
  const std::string path = directory / "users.db";
  sqlite3* database = nullptr;
  require(sqlite3_open(path.c_str(), &database) == SQLITE_OK, "the file is made");
  const std::string sql =
      "create table users(id text primary key, name text, plan text) without rowid;"
      "insert into users with recursive n(i) as (select 0 union all select i + 1 from n where i "
      "< " +
      std::to_string(kRows - 1) + ") select 'user' || i, 'name' || i, 'plan' || (i % 7) from n";
  require(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, "filled");
  sqlite3_close(database);
  return path;
}

std::vector<std::string> some_keys() {
  std::mt19937 random(20240501);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kKeys; ++i) keys.push_back("user" + std::to_string(random() % kRows));
  return keys;
}

std::string right_answers(const std::vector<std::string>& keys) {
  std::string answers;
  for (const std::string& key : keys) {
    const std::string number = key.substr(4);
    append_answer(answers, 0, "name" + number);
    append_answer(answers, 1, "plan" + std::to_string(std::stoul(number) % 7));
  }
  return answers;
}

class Asker final : private RequestOwner {
 public:
  explicit Asker(const std::string& path) : timers_(clock_.now()), breaker_({}, seconds(1), 0, {}) {
    auto options = std::make_shared<SqliteOptions>(
        KeySpec({KeyTemplate::parse("{{id}}", KeyEscape::none).value()}));
    options->path = path;
    options->query = kQuery;
    options->columns = {"name", "plan"};
    options->max_time = seconds(1);  // the machine may do other things meanwhile
    options->max_reply = 1024 * 1024;
    client_ = std::make_unique<SqliteClient>(
        options, LookupSurroundings{"bench", timers_, clock_, io_, front_, bulkhead_, retry_,
                                    seconds(1), 0, 1, shared_, recorder_});
  }
  const std::string& ask(const std::vector<std::string>& keys) {
    answers_.clear();
    for (const std::string& key : keys) {
      request_.begin();
      request_.add(key);
      client_->send(request_);
      answers_ += request_.answer(0);
    }
    return answers_;
  }

 private:
  void request_ended(Request& request) noexcept override {
    require(request.error() == RequestError::none, request.why());
  }

  const SteadyClock clock_;
  Timers timers_;
  LoopIo io_{nullptr};
  CircuitBreaker breaker_;
  BreakerFront front_{breaker_};
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  SharedOnShard shared_;
  LookupRecorder recorder_;
  Request request_{*this};
  std::unique_ptr<SqliteClient> client_;
  std::string answers_;
};

// As SQLite's documentation shows it.
class ByHand {
 public:
  explicit ByHand(const std::string& path) {
    require(sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                            nullptr) == SQLITE_OK &&
                sqlite3_prepare_v2(database_, kQuery, -1, &statement_, nullptr) == SQLITE_OK,
            "opened");
  }
  ~ByHand() {
    sqlite3_finalize(statement_);
    sqlite3_close(database_);
  }
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  const std::string& ask(const std::vector<std::string>& keys) {
    answers_.clear();
    for (const std::string& key : keys) {
      sqlite3_bind_text(statement_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      require(sqlite3_step(statement_) == SQLITE_ROW, "found");
      for (int i = 0; i < 2; ++i) {
        append_answer(answers_, static_cast<std::uint16_t>(i),
                      reinterpret_cast<const char*>(sqlite3_column_text(statement_, i)));
      }
      sqlite3_reset(statement_);
    }
    return answers_;
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string answers_;
};

// A thread that does nothing but say that it was woken.
class Echo {
 public:
  Echo() : thread_([this] { run(); }) {}
  ~Echo() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  void there_and_back(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      std::unique_lock lock(mutex_);
      asked_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !asked_; });
    }
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      changed_.wait(lock, [&] { return asked_ || ended_; });
      asked_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
  bool ended_ = false;
  std::thread thread_;
};

struct Bench {
  const test::TemporaryDirectory directory;
  const std::string path = make_file(directory);
  const std::vector<std::string> keys = some_keys();
  Asker asker{path};
  ByHand hand{path};

  Bench() {
    const std::string right = right_answers(keys);
    require(asker.ask(keys) == right, "the client finds all");
    require(hand.ask(keys) == right, "by hand all is found");
  }
};

void report(benchmark::State& state, const bench::Compared& result) {
  state.counters["us"] = result.first / kKeys * 1e6;
  state.counters["other_us"] = result.second / kKeys * 1e6;
  state.counters["ratio"] = result.ratio;
  state.counters["least"] = result.least;
  state.counters["most"] = result.most;
}

void a_hit_against_the_same_by_hand(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    report(state, compare(
                      kRounds, &thread_seconds, [&] { bench.asker.ask(bench.keys); },
                      [&] { bench.hand.ask(bench.keys); }));
  }
}
BENCHMARK(a_hit_against_the_same_by_hand)->Iterations(1)->Unit(benchmark::kMillisecond);

void a_hit_against_a_way_to_another_thread_and_back(benchmark::State& state) {
  Bench bench;
  Echo echo;
  for (auto _ : state) {
    report(state, compare(
                      kRounds, &wall_seconds, [&] { bench.asker.ask(bench.keys); },
                      [&] { echo.there_and_back(kKeys); }));
  }
}
BENCHMARK(a_hit_against_a_way_to_another_thread_and_back)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid
