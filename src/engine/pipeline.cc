#include "engine/pipeline.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "engine/batch_stock.h"
#include "engine/idle_cores.h"
#include "engine/intake.h"
#include "engine/lifecycle_thread.h"
#include "engine/memory_budget.h"
#include "engine/ordered_output.h"
#include "engine/overflow_queue.h"
#include "engine/plan_state.h"
#include "engine/pool.h"
#include "engine/shard.h"
#include "engine/start_graph.h"
#include "engine/watchdog.h"

namespace logbraid {
namespace {

// Bytes a read may give. 64 KiB are some 170 lines: enough to share the cost of a batch, little
// enough to stay in a core's second cache with all that is made of it. (docs/performance.md)
constexpr std::size_t kBatchBytes = 64 * 1024;
// Where calls wait: an event that hangs keeps its whole batch.
constexpr std::size_t kWaitingBatchBytes = 32 * 1024;
constexpr std::size_t kLeastBatchBytes = 4 * 1024;
// A small window gets small batches: reading far ahead only delays the end after a signal.
constexpr std::size_t kBytesPerLine = 512;

// Batches under way for each shard where nothing waits: one to work on, one to write, one to wait.
// Where calls wait, those count that have lines to be let in: an event that hangs keeps its batch,
// and must not keep others from being read.
constexpr std::size_t kInlineBatches = 4;
constexpr std::size_t kWaitingBatches = 32;

// Lines of plans that wait that are read before a window has room for them, for each shard, and at
// most as many as the window holds. They keep it full while the next ones are read, a millisecond;
// more would only be late: where more comes than passes, all that is read ahead is waited for by
// what comes next.
constexpr std::uint32_t kReadAhead = 1024;

// A small budget gets small batches too, so that there is more than one.
constexpr std::size_t kBatchesInBudget = 64;

// What a batch takes, for each byte of its text: records, patches, finished lines. A guess on the
// safe side, for the first ones; then they are measured.
constexpr std::size_t kNeedPerByte = 16;

std::size_t batch_bytes(const ExecutionOptions& options, bool all_inline) {
  const std::size_t bytes = std::min(std::size_t{options.in_flight} * kBytesPerLine,
                                     options.memory_limit / kBatchesInBudget);
  return std::clamp(bytes, kLeastBatchBytes, all_inline ? kBatchBytes : kWaitingBatchBytes);
}

unsigned lanes_of(Order order) {
  if (order == Order::any) return 0;
  return order == Order::preserve ? 1 : kMostLanes;
}

}  // namespace

struct Pipeline::State {
  explicit State(PipelineParts given)
      : parts(std::move(given)),
        shard_count(parts.options.shards != 0 ? parts.options.shards : cores),
        all_inline(StartGraph(*parts.plan, first_placements(*parts.plan), parts.options.mode,
                              parts.options.schedule)
                       .all_inline()),
        budget(parts.options.memory_limit),
        stock(budget, stock_bounds()),
        output({.sink = *parts.sink,
                .dead_letter = parts.dead_letter.get(),
                .budget = budget,
                .clock = clock,
                .lanes = lanes_of(parts.options.order),
                .on_done = [this] { stock.done(); },
                .on_room = [this] { stock.notify(); },
                .on_stop = [this] { parts.source->interrupt(); },
                .on_malformed = parts.on_malformed_line}),
        watch(*parts.plan, parts.watch, parts.on_hidden_dependency),
        plan_state(*parts.plan, parts.options, parts.on_breaker_change),
        pool({.most = parts.options.max_parallel_threads,
              .most_stuck = parts.options.max_stuck_threads,
              .cores_left = [this] { return cores_without_shard(cores, shards); }}) {
    if (LifecycleThread::needed_for(*parts.plan)) begin_lives();
    const Shard::Parts shard_parts{*parts.plan,
                                   parts.options,
                                   parts.on_malformed,
                                   plan_state,
                                   clock,
                                   parts.local_hour,
                                   pool,
                                   budget,
                                   stock,
                                   output,
                                   watch,
                                   shard_count,
                                   [this] { return idle_cores(cores, shards, pool); },
                                   parts.recording.get()};
    for (unsigned i = 0; i < shard_count; ++i) {
      shards.push_back(std::make_unique<Shard>(shard_parts, parts.make_reader(), i));
      watchdog.add(shards.back()->activity());
    }
    if (parts.overflow.policy != Overflow::block) {
      queue.emplace(parts.overflow, budget, parts.make_reader());
    }
  }

  // Inline plans read in strokes: the intake wakes for half of the batches, not for each.
  BatchStock::Bounds stock_bounds() const {
    const std::size_t most = all_inline ? shard_count * kInlineBatches : SIZE_MAX;
    const std::uint32_t window = parts.options.in_flight;
    const std::uint64_t ahead = all_inline ? window : std::min(window, kReadAhead);
    return {.batches = most,
            .go_on_at = all_inline ? most / 2 : most - 1,
            .waiting = shard_count * kWaitingBatches,
            .lines = ahead * shard_count + 1,
            .first_need = batch_bytes(parts.options, all_inline) * kNeedPerByte};
  }

  // Before there are shards, which read the health.
  void begin_lives() {
    lifecycle.emplace(clock);
    lease = lifecycle->take(*parts.plan);
    for (std::uint32_t node = 0; node < parts.plan->size(); ++node) {
      plan_state.node(node).health = lease->health(node);
    }
  }
  // When the shards have stopped. An enricher of which a call has not come back is not stopped.
  void end_lives() {
    lifecycle->close_all_but([this](std::string_view enricher) {
      const auto nodes = parts.plan->nodes();
      const auto at = std::find_if(nodes.begin(), nodes.end(),
                                   [&](const PlanNode& node) { return node.name == enricher; });
      return std::any_of(shards.begin(), shards.end(), [&](const auto& shard) {
        return shard->calls_out(static_cast<std::uint32_t>(at - nodes.begin())) != 0;
      });
    });
    lifecycle->wait_until_settled(TimePoint::max());
  }

  void report(const Stall& stall) {
    plan_state.node(stall.node).stalls.fetch_add(1, std::memory_order_relaxed);
    if (parts.on_stall) parts.on_stall((*parts.plan)[stall.node].name, stall.lasted);
  }

  Shard& least_busy() {
    return **std::min_element(shards.begin(), shards.end(), [](const auto& a, const auto& b) {
      return a->outstanding() < b->outstanding();
    });
  }

  void submit(std::unique_ptr<Batch> batch) {
    stock.begun(batch->lines);
    least_busy().submit(std::move(batch));
  }
  // Reads until the source ends. It waits while there is no room.
  Result<void> read_waiting();
  // The same with a queue between: another thread waits.
  Result<void> read_into_queue();
  void feed_from_queue();

  PipelineParts parts;
  SteadyClock clock;
  const unsigned cores = usable_cores();
  const unsigned shard_count;
  const bool all_inline;
  MemoryBudget budget;
  BatchStock stock;
  OrderedOutput output;
  DependencyWatch watch;
  std::optional<OverflowQueue> queue;         // where the source must not wait
  std::uint64_t batches = 0;                  // begun; of the thread that submits them
  std::atomic<std::uint64_t> thrown_away{0};  // bytes of lines behind what a line may have
  PlanState plan_state;
  // Go when no call is left.
  std::optional<LifecycleThread> lifecycle;
  std::shared_ptr<const LifecycleThread::Lease> lease;
  // The order of destruction: the pool first, so that its late calls find their shards, then the
  // shards, whose batches belong to the stock.
  std::vector<std::unique_ptr<Shard>> shards;
  Pool pool;
  Watchdog watchdog{[this](const Stall& stall) { report(stall); }};  // looks at the shards
};

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::create(PipelineParts parts) {
  constexpr const char* kNeedsSink =
      " needs a dead_letter sink, for example dead_letter: {type: file, path: refused.jsonl}";
  if (parts.on_malformed == OnMalformed::dead_letter && parts.dead_letter == nullptr) {
    return Error(std::string("on_malformed: dead_letter") + kNeedsSink);
  }
  for (const PlanNode& node : parts.plan->nodes()) {
    if (node.metadata.on_failure == OnFailure::dead_letter && parts.dead_letter == nullptr) {
      return Error(node.name + ": on_failure: dead_letter" + kNeedsSink);
    }
  }
  try {
    return std::unique_ptr<Pipeline>(new Pipeline(std::make_unique<State>(std::move(parts))));
  } catch (const std::system_error& failed) {
    return Error(std::string("cannot start the shards' threads: ") + failed.what());
  }
}

Result<void> Pipeline::State::read_waiting() {
  Intake intake(*parts.source,
                {.take = [this] { return stock.take(); },
                 .give_back = [this](auto batch) { stock.give_back(std::move(batch)); },
                 .deliver = [this](auto batch) { submit(std::move(batch)); },
                 .thrown_away = [this](std::size_t bytes) { thrown_away += bytes; }},
                batch_bytes(parts.options, all_inline));
  Result<void> read = intake.run();
  batches = intake.batches();
  output.input_ended(batches);
  return read;
}

Result<void> Pipeline::State::read_into_queue() {
  auto batch = std::make_unique<Batch>();
  const auto keep = [&batch](std::unique_ptr<Batch> used) {
    used->reset();
    batch = std::move(used);
  };
  Intake intake(*parts.source,
                {.take = [&batch] { return std::move(batch); },
                 .give_back = keep,
                 .deliver =
                     [this, &keep](std::unique_ptr<Batch> full) {
                       queue->push(*full);
                       keep(std::move(full));
                     },
                 .thrown_away = [this](std::size_t bytes) { thrown_away += bytes; }},
                batch_bytes(parts.options, all_inline));
  Result<void> read = intake.run();
  queue->close();
  return read;
}

void Pipeline::State::feed_from_queue() {
  while (queue->wait()) {
    std::unique_ptr<Batch> batch = stock.take();
    // What was dropped meanwhile left something: the newest, at least.
    queue->pop_into(*batch, batch_bytes(parts.options, all_inline));
    batch->sequence = batches++;
    submit(std::move(batch));
  }
  output.input_ended(batches);
}

RunReport Pipeline::run() {
  State& state = *state_;
  if (state.lifecycle) state.lifecycle->wait_until_started(*state.lease);
  const TimePoint start = state.clock.now();
  RunReport report;
  Result<void> read;
  std::vector<std::thread> threads;
  const auto begin = [&](const char* name, auto work) {
    threads.emplace_back([name, work] {
      pthread_setname_np(pthread_self(), name);
      work();
    });
  };
  try {
    state.watchdog.start(state.clock);
    if (state.queue) {
      begin("feeder", [&] { state.feed_from_queue(); });
      begin("intake", [&] { read = state.read_into_queue(); });
    } else {
      begin("intake", [&] { read = state.read_waiting(); });
    }
  } catch (const std::system_error& failed) {
    report.error = Error(std::string("cannot start a thread: ") + failed.what());
    if (state.queue) state.queue->close();
    if (threads.empty()) state.output.input_ended(0);
  }
  state.output.run();
  report.process = ProcessMetrics::now();
  for (std::thread& thread : threads) thread.join();
  for (const auto& shard : state.shards) shard->stop();
  report.elapsed = state.clock.now() - start;
  if (state.lifecycle) state.end_lives();

  report.counts = counts();
  report.shards = state.shard_count;
  report.pool = state.pool.metrics();
  // The plan was resolved once; every batch found it there.
  report.plan_uses = {.cache_hits = state.batches, .cache_misses = 1};
  for (const auto& shard : state.shards) {
    report.metrics.merge(shard->metrics());
    report.calls_still_out += shard->calls_out();
  }
  report.metrics.order_waiting.merge(state.output.order_waiting());
  report.watched = state.watch.report();
  if (state.lease != nullptr) report.health = state.lease->reports();
  report.memory_peak = state.budget.peak();
  for (std::uint32_t node = 0; node < state.parts.plan->size(); ++node) {
    report.metrics.enrichers[node].state =
        state.plan_state.state_of(node, (*state.parts.plan)[node].placement);
  }
  report.sink_closed = state.output.closed();
  if (!report.error) report.error = state.output.error();
  if (!report.error && !read) report.error = read.error();
  return report;
}

void Pipeline::interrupt() noexcept { state_->parts.source->interrupt(); }
RunCounts Pipeline::counts() const {
  RunCounts counts = state_->output.counts();
  if (state_->queue) counts.merge(state_->queue->counts());
  counts.bytes_in += state_->thrown_away;
  return counts;
}
const Source& Pipeline::source() const { return *state_->parts.source; }

}  // namespace logbraid
