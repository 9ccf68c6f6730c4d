#include "engine/pipeline.h"

#include <pthread.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "engine/intake.h"
#include "engine/pool.h"
#include "engine/shard.h"
#include "engine/start_graph.h"

namespace logbraid {
namespace {

// Bytes a read may give. 64 KiB are some 170 lines: enough to share the cost of a batch, little
// enough to stay in a core's second cache with all that is made of it. (docs/performance.md)
constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::size_t kLeastBatchBytes = 4 * 1024;
// A small window gets small batches: reading far ahead only delays the end after a signal.
constexpr std::size_t kBytesPerLine = 512;

// Batches under way for each shard. Inline plans need one to work on, one to write and one to wait;
// plans that wait need as many as fill the window.
constexpr std::size_t kInlineBatches = 4;
constexpr std::size_t kWaitingBatches = 32;

std::size_t batch_bytes(const ExecutionOptions& options) {
  return std::clamp(std::size_t{options.in_flight} * kBytesPerLine, kLeastBatchBytes, kBatchBytes);
}

}  // namespace

struct Pipeline::State {
  explicit State(PipelineParts given)
      : parts(std::move(given)),
        shard_count(parts.options.shards != 0 ? parts.options.shards : usable_cores()),
        all_inline(
            StartGraph(*parts.plan, parts.options.mode, parts.options.schedule).all_inline()),
        stock(shard_count * (all_inline ? kInlineBatches : kWaitingBatches),
              std::uint64_t{parts.options.in_flight} * shard_count + 1),
        output(*parts.sink, parts.dead_letter.get(),
               {[this](const FinishedBatch& batch) { stock.done(batch.input_lines); },
                [this] { parts.source->interrupt(); }, parts.on_malformed_line}),
        watch(*parts.plan, parts.watch, parts.on_hidden_dependency),
        pool(parts.options.max_parallel_threads, "pool") {
    const Shard::Parts shard_parts{*parts.plan, parts.options,    parts.on_malformed,
                                   clock,       parts.local_hour, pool,
                                   stock,       output,           watch};
    for (unsigned i = 0; i < shard_count; ++i) {
      shards.push_back(std::make_unique<Shard>(shard_parts, parts.make_reader(), i));
    }
  }

  Shard& least_busy() {
    return **std::min_element(shards.begin(), shards.end(), [](const auto& a, const auto& b) {
      return a->outstanding() < b->outstanding();
    });
  }

  PipelineParts parts;
  SteadyClock clock;
  const unsigned shard_count;
  const bool all_inline;
  BatchStock stock;
  OrderedOutput output;
  DependencyWatch watch;
  // The order of destruction: the pool first, so that its late calls find their shards, then the
  // shards, whose batches belong to the stock.
  std::vector<std::unique_ptr<Shard>> shards;
  Pool pool;
};

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::create(PipelineParts parts) {
  if (parts.on_malformed == OnMalformed::dead_letter && parts.dead_letter == nullptr) {
    return Error(
        "on_malformed: dead_letter needs a dead_letter sink, for example "
        "dead_letter: {type: file, path: refused.jsonl}");
  }
  try {
    return std::unique_ptr<Pipeline>(new Pipeline(std::make_unique<State>(std::move(parts))));
  } catch (const std::system_error& failed) {
    return Error(std::string("cannot start the shards' threads: ") + failed.what());
  }
}

RunReport Pipeline::run() {
  State& state = *state_;
  const TimePoint start = state.clock.now();
  Result<void> read;
  std::thread reading([&] {
    pthread_setname_np(pthread_self(), "intake");
    Intake intake(*state.parts.source, state.stock, batch_bytes(state.parts.options));
    read = intake.run(
        [&](std::unique_ptr<Batch> batch) { state.least_busy().submit(std::move(batch)); });
    state.output.input_ended(intake.batches());
  });
  state.output.run();
  reading.join();
  for (const auto& shard : state.shards) shard->stop();

  RunReport report;
  report.elapsed = state.clock.now() - start;
  report.counts = state.output.counts();
  report.shards = state.shard_count;
  report.pool_threads = state.pool.threads();
  for (const auto& shard : state.shards) {
    report.metrics.merge(shard->metrics());
    report.calls_still_out += shard->calls_out();
  }
  report.watched = state.watch.report();
  report.sink_closed = state.output.closed();
  report.error = state.output.error();
  if (!report.error && !read) report.error = read.error();
  return report;
}

void Pipeline::interrupt() noexcept { state_->parts.source->interrupt(); }
RunCounts Pipeline::counts() const { return state_->output.counts(); }
const Source& Pipeline::source() const { return *state_->parts.source; }

}  // namespace logbraid
