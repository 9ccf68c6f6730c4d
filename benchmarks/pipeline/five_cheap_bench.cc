// Five cheap enrichers over 380-byte JSON lines, memory to memory:
//   - against a hand-written loop that does the same work (benchmarks/baseline/single_purpose.h),
//     one core, outputs equal byte for byte
//   - parallel mode against sequential mode
//   - the whole pipeline with two shards against one
#include <benchmark/benchmark.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/baseline/five_cheap.h"
#include "benchmarks/support/rounds.h"
#include "engine/pipeline.h"
#include "engine/plan_runner.h"
#include "format/json_reader.h"
#include "format/json_writer.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::size_t kLines = 20'000;
constexpr int kRounds = 21;

// Whole lines of at most kBatchBytes.
std::vector<std::string_view> batches_of(std::string_view text) {
  std::vector<std::string_view> batches;
  while (!text.empty()) {
    std::size_t size = text.size();
    if (size > kBatchBytes) size = text.rfind('\n', kBatchBytes - 1) + 1;
    batches.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return batches;
}

void fill(Batch& batch, std::string_view text) {
  batch.reset();
  batch.reserve(kBatchBytes);
  std::memcpy(batch.buffer(), text.data(), text.size());
  batch.set_size(text.size());
}

// What a shard does with a batch, on this thread.
class OneCore final : private PlanRunnerEvents {
 public:
  OneCore(const ExecutionPlan& plan, Mode mode)
      : plan_(plan),
        options_(in(mode)),
        plan_state_(plan, options_),
        pool_({.most = 1}),
        runner_(make_runner()) {}

  void process(std::string_view text, std::string& out) {
    fill(*batch_, text);
    reader_.read(*batch_);
    BatchRun run(std::move(batch_), plan_.size());
    out_ = &out;
    while (run.admitted < run.events()) {
      runner_->admit(run, std::min(PlanRunner::kInlineSlice, run.events() - run.admitted));
      write(run);
    }
    batch_ = run.take_batch();
    written_ = 0;
  }

 private:
  static ExecutionOptions in(Mode mode) {
    ExecutionOptions options;
    options.mode = mode;
    return options;
  }
  std::unique_ptr<PlanRunner> make_runner() {
    return std::make_unique<PlanRunner>(
        PlanRunner::Parts{plan_, options_, plan_state_, timers_, clock_, hour_, pool_,
                          [](Posted&) {}, static_cast<PlanRunnerEvents&>(*this), activity_});
  }
  void write(BatchRun& run) {
    const auto& records = run.batch().records();
    for (; written_ < run.admitted; ++written_) {
      writer_.write(records[written_].event, run.row(written_), *out_);
    }
  }
  void batch_done(BatchRun&) override {}
  void batch_released(BatchRun&) override {}

  const ExecutionPlan& plan_;
  const ExecutionOptions options_;
  const SteadyClock clock_;
  Activity activity_;
  const LocalHour hour_ = [] { return 12; };
  Timers timers_{clock_.now()};
  PlanState plan_state_;
  Pool pool_;
  JsonReader reader_;
  JsonWriter writer_;
  std::unique_ptr<Batch> batch_ = std::make_unique<Batch>();
  std::string* out_ = nullptr;
  std::uint32_t written_ = 0;
  std::unique_ptr<PlanRunner> runner_;
};

struct Work {
  std::vector<Network> networks = make_networks();
  std::string lines = make_lines(kLines);
  std::vector<std::string_view> batches = batches_of(lines);
  std::shared_ptr<const ExecutionPlan> plan = five_cheap_plan(networks);
};
const Work& work() {
  static const Work made;
  return made;
}

template <class Process>
void run_all(Process&& process, std::string& out) {
  out.clear();
  for (const std::string_view batch : work().batches) process(batch, out);
}

void report(benchmark::State& state, const Compared& compared, const char* name) {
  state.counters[name] = compared.ratio;
  state.counters["least"] = compared.least;
  state.counters["most"] = compared.most;
  state.counters["ns/event"] = compared.second / kLines * 1e9;
  state.counters["baseline_ns/event"] = compared.first / kLines * 1e9;
  state.counters["bytes/line"] =
      static_cast<double>(work().lines.size()) / static_cast<double>(kLines);
}

void five_cheap_against_a_hand_written_loop(benchmark::State& state) {
  SinglePurpose by_hand(work().networks);
  OneCore engine(*work().plan, Mode::parallel);
  Batch batch;
  std::string expected;
  std::string out;
  const auto hand = [&] {
    run_all(
        [&](std::string_view text, std::string& to) {
          fill(batch, text);
          by_hand.process(batch, to);
        },
        expected);
  };
  const auto ours = [&] {
    run_all([&](std::string_view text, std::string& to) { engine.process(text, to); }, out);
  };
  for (auto _ : state) {
    hand();
    ours();
    if (out != expected) {
      std::size_t at = 0;
      while (out[at] == expected[at]) ++at;
      at -= std::min<std::size_t>(at, 200);
      std::fprintf(stderr, "ours: %.400s\nhand: %.400s\n", out.c_str() + at, expected.c_str() + at);
    }
    require(out == expected, "the loop and the engine differ");
    report(state, compare(kRounds, &thread_seconds, hand, ours), "throughput_ratio");
  }
}
BENCHMARK(five_cheap_against_a_hand_written_loop)->Iterations(1)->Unit(benchmark::kMillisecond);

void five_cheap_parallel_against_sequential(benchmark::State& state) {
  OneCore sequential(*work().plan, Mode::sequential);
  OneCore parallel(*work().plan, Mode::parallel);
  std::string expected;
  std::string out;
  const auto first = [&] {
    run_all([&](std::string_view text, std::string& to) { sequential.process(text, to); },
            expected);
  };
  const auto second = [&] {
    run_all([&](std::string_view text, std::string& to) { parallel.process(text, to); }, out);
  };
  for (auto _ : state) {
    first();
    second();
    require(out == expected, "parallel and sequential differ");
    report(state, compare(kRounds, &thread_seconds, first, second), "throughput_ratio");
  }
}
BENCHMARK(five_cheap_parallel_against_sequential)->Iterations(1)->Unit(benchmark::kMillisecond);

// Takes lines and keeps their hash: a text of 100 MiB would be what is measured.
class HashSink final : public Sink {
 public:
  explicit HashSink(std::uint64_t& hash) : hash_(hash) {}
  Result<bool> write(std::string_view lines) override {
    // By line: the same however the lines are cut into writes.
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n') + 1;
      hash_ = hash_ * 31 + XXH3_64bits(lines.data(), end);
      lines.remove_prefix(end);
    }
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "hash"; }

 private:
  std::uint64_t& hash_;
};

// Takes lines and counts them: for the timed rounds, where a check of each byte would take the
// cores from the shards. What they give was checked by HashSink before.
class CountingSink final : public Sink {
 public:
  explicit CountingSink(std::uint64_t& bytes) : bytes_(bytes) {}
  Result<bool> write(std::string_view lines) override {
    bytes_ += lines.size();
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "count"; }

 private:
  std::uint64_t& bytes_;
};

// The work's lines, `times` over, without a copy of them all.
class RepeatingSource final : public Source {
 public:
  RepeatingSource(std::string_view text, int times) : text_(text), left_(text), times_(times) {}
  Result<std::size_t> read(std::span<char> into) override {
    if (left_.empty() && --times_ > 0) left_ = text_;
    const std::size_t size = std::min(into.size(), left_.size());
    std::memcpy(into.data(), left_.data(), size);
    left_.remove_prefix(size);
    return size;
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "lines"; }

 private:
  const std::string_view text_;
  std::string_view left_;
  int times_;
};

// What the sink made of the output: its hash, or its size.
template <class ASink>
std::uint64_t run_pipeline(unsigned shards) {
  constexpr int kTimes = 20;
  std::uint64_t seen = 0;
  PipelineParts parts;
  parts.source = std::make_unique<RepeatingSource>(work().lines, kTimes);
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = work().plan;
  parts.options.shards = shards;
  parts.sink = std::make_unique<ASink>(seen);
  parts.local_hour = [] { return 12; };
  auto pipeline = Pipeline::create(std::move(parts));
  require((*pipeline)->run().counts.written == kTimes * kLines, "an event is missing");
  return seen;
}

void five_cheap_two_shards_against_one(benchmark::State& state) {
  const std::uint64_t expected = run_pipeline<HashSink>(1);
  const std::uint64_t bytes = run_pipeline<CountingSink>(1);
  const auto timed = [&](unsigned shards) {
    require(run_pipeline<CountingSink>(shards) == bytes, "output is missing");
  };
  for (auto _ : state) {
    require(run_pipeline<HashSink>(2) == expected, "two shards differ from one");
    report(state,
           compare(
               11, &wall_seconds, [&] { timed(1); }, [&] { timed(2); }),
           "speedup");
    state.counters.erase("ns/event");
    state.counters.erase("baseline_ns/event");
  }
}
BENCHMARK(five_cheap_two_shards_against_one)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
