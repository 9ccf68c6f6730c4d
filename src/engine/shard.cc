#include "engine/shard.h"

#include <pthread.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "async/thread_role.h"
#include "logbraid/event_view.h"

namespace logbraid {
namespace {

// Of a refused line, for people: more does not help.
constexpr std::size_t kExampleBytes = 200;

MalformedLine example_of(const Record& record, const Batch& batch) {
  const char* const text = batch.text().data();
  MalformedLine example;
  example.line = batch.lines_before + 1 +
                 static_cast<std::uint64_t>(std::count(text, record.line.data(), '\n'));
  example.reason = record.parse_error;
  example.text = record.line.substr(0, kExampleBytes);
  return example;
}

std::vector<std::uint32_t> strict_nodes(const ExecutionPlan& plan) {
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    if (plan[node].metadata.on_failure != OnFailure::pass) nodes.push_back(node);
  }
  return nodes;
}

}  // namespace

// A batch on its way to the shard's thread.
struct Shard::Delivery : Posted {
  Delivery(Shard& to, std::unique_ptr<Batch> what)
      : Posted(&Delivery::arrive), shard(to), batch(std::move(what)) {}

  static void arrive(Posted& posted) noexcept {
    const std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(&posted));
    delivery->shard.begin(std::move(delivery->batch));
  }

  Shard& shard;
  std::unique_ptr<Batch> batch;
};

Shard::Shard(const Parts& parts, std::unique_ptr<Reader> reader, unsigned number)
    : parts_(parts),
      loop_(parts.clock),
      reader_(std::move(reader)),
      runner_({parts.plan, parts.options, parts.plan_state, loop_.timers(), parts.clock,
               parts.local_hour, parts.pool, [this](Posted& posted) { loop_.post(posted); }, *this,
               loop_.activity(), &loop_.io(), number, parts.shards, parts.idle_cores, &thread_time,
               false, parts.recording}),
      strict_(strict_nodes(parts.plan)),
      thread_([this, number] {
        pthread_setname_np(pthread_self(), ("shard-" + std::to_string(number)).c_str());
        const ThreadRoleScope role(ThreadRole::enricher);
        loop_.run([this] { return turn(); });
      }) {}

Shard::~Shard() {
  stop();
  parts_.budget.charge(beside_batches_, 0);
  loop_.timers().remove(release_alarm_);
  loop_.timers().remove(hold_alarm_);
}

void Shard::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void Shard::submit(std::unique_ptr<Batch> batch) {
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  loop_.post(*new Delivery(*this, std::move(batch)));
}

void Shard::begin(std::unique_ptr<Batch> batch) {
  FinishedPart rest;
  rest.sequence = batch->sequence;
  rest.lines = parts_.output.take_buffer();
  reader_->read(*batch);
  rest.counts.bytes_in = batch->text().size();
  rest.counts.read = batch->records().size();
  apply_malformed_policy(*batch, rest);
  // Of the others nothing waits: blank lines, refused ones.
  let_in_ += batch->lines - std::min<std::uint64_t>(batch->lines, batch->records().size());
  active_.push_back(
      std::make_unique<ActiveBatch>(std::move(batch), parts_.plan.size(),
                                    parts_.options.status ? &*parts_.options.status : nullptr));
  ActiveBatch& active = *active_.back();
  active.place = active_.size() - 1;
  active.rest = std::move(rest);
  parts_.watch.begin(active);
  parts_.stock.grown(active.batch());
  if (parts_.options.order == Order::by_key) find_lanes(active);
  waiting_.push_back(&active);
}

void Shard::apply_malformed_policy(Batch& batch, FinishedPart& rest) {
  auto& records = batch.records();
  const auto malformed = [](const Record& record) { return record.malformed(); };
  auto first = std::find_if(records.begin(), records.end(), malformed);
  if (first == records.end()) return;
  for (auto record = first; record != records.end(); ++record) {
    if (!record->malformed()) continue;
    ++rest.counts.malformed;
    if (rest.examples.size() < OrderedOutput::kShown) {
      rest.examples.push_back(example_of(*record, batch));
    }
    if (parts_.on_malformed == OnMalformed::dead_letter) {
      writer_.write(record->event, {}, rest.dead_letters);
      ++rest.counts.dead_lettered;
    }
    if (parts_.on_malformed == OnMalformed::fail) break;
  }
  switch (parts_.on_malformed) {
    case OnMalformed::keep:
      return;
    case OnMalformed::fail:
      // The events before it come out; from it on nothing was read.
      rest.fails = true;
      records.erase(first, records.end());
      rest.counts.read = records.size();
      return;
    case OnMalformed::drop:
      rest.counts.dropped_for(DropReason::malformed) = rest.counts.malformed;
      break;
    case OnMalformed::dead_letter:
      break;
  }
  std::erase_if(records, malformed);
}

// The hash of its key says which lane an event is in: equal keys are in the same one. The output
// must know early in which lanes there is nothing to wait for.
void Shard::find_lanes(ActiveBatch& active) {
  Batch& batch = active.batch();
  Lanes lanes = 0;
  for (const Record& record : batch.records()) {
    const Value key = EventView(record.event, batch.arena()).get(parts_.options.order_key);
    const std::size_t hash = key.absent() ? 0 : std::hash<std::string_view>()(key.text());
    active.lanes.push_back(static_cast<std::uint8_t>(hash % kMostLanes));
    lanes |= Lanes{1} << active.lanes.back();
  }
  active.rest.lanes = lanes;
  parts_.output.announce(batch.sequence, lanes);
}

bool Shard::turn() {
  const TimePoint end = parts_.clock.now() + PlanRunner::kTurn;
  bool more = false;
  do {
    while (!waiting_.empty() && !more) {
      ActiveBatch& active = *waiting_.front();
      if (active.events() != 0) {
        if (!may_admit()) break;
        admit(active);
      } else {
        batch_done(active);
      }
      // At once: drain() may end the batch.
      if (active.admitted == active.events()) {
        waiting_.pop_front();
        ++let_in_whole_;
      }
      more = parts_.clock.now() >= end;
    }
    runner_.drain();
    give_back_released();
    // What ended made room in the window.
  } while (!more && !waiting_.empty() && may_admit());
  if (let_in_ != 0 || let_in_whole_ != 0) {
    parts_.stock.let_in(std::exchange(let_in_, 0), std::exchange(let_in_whole_, 0));
  }
  if (!active_.empty()) {
    if (parts_.options.hold) give_up_stragglers();
    if (!with_news_.empty()) release_early();
  }
  account();
  return more || runner_.has_more();
}

// What the runner keeps beside the batches, in the budget. Caches may have half of it, and give way
// before a source has to wait.
void Shard::account() {
  const std::size_t caches = runner_.cache_bytes();
  if (caches != 0) {
    const std::size_t share = parts_.budget.limit() / 2 / parts_.shards;
    if (parts_.budget.used_up()) {
      runner_.shrink_caches(std::min(caches, share) / 2);
    } else if (caches > share) {
      runner_.shrink_caches(share - share / 8);  // not at each turn
    }
  }
  const std::size_t bytes = runner_.bytes();
  if (bytes == beside_batches_) return;
  const bool made_room = bytes < beside_batches_;
  parts_.budget.charge(beside_batches_, bytes);
  if (made_room) parts_.stock.notify();
}

// Once more memory is used than was promised nothing new begins, but what is alone on its shard:
// that has to end for memory to become free.
bool Shard::may_admit() const {
  const std::uint32_t in_flight = runner_.in_flight();
  return in_flight < parts_.options.in_flight && runner_.accepts() &&
         (in_flight == 0 || !parts_.budget.exceeded());
}

void Shard::admit(ActiveBatch& active) {
  const std::uint32_t first = active.admitted;
  const std::uint32_t window = parts_.options.in_flight - runner_.in_flight();
  std::uint32_t count = std::min({active.events() - first, window, runner_.most_at_once()});
  if (runner_.all_inline()) count = std::min(count, PlanRunner::kInlineSlice);
  let_in_ += count;
  const std::uint32_t open = active.open;
  if (parts_.options.hold) active.admissions.push_back({first, loop_.timers().now()});
  runner_.admit(active, count);
  if (active.in_output) return;  // done whole meanwhile
  if (!active.release && open - active.open == count) {
    // Written while it is warm.
    for (; active.written < active.admitted; ++active.written) {
      write(active, active.written, active.rest);
    }
  } else if (!active.release) {
    active.lists_inline = true;
    active.release.emplace(parts_.options.order, active.events(), active.lanes);
    // What is in `rest` already goes out with what is released first.
    for (std::uint32_t i = 0; i < first; ++i) active.release->done(i, loop_.timers().now());
    active.release->release([](unsigned, std::uint32_t, Duration) {});
  }
  if (active.ended_seen != active.ended.size()) event_done(active);
  parts_.stock.grown(active.batch());
}

void Shard::give_back_released() {
  for (BatchRun* const run : released_) {
    parts_.stock.give_back(run->take_batch());
    const std::size_t place = active_of(*run).place;
    std::swap(active_[place], active_.back());
    active_[place]->place = place;
    active_.pop_back();
  }
  released_.clear();
}

RunMetrics Shard::metrics() const {
  RunMetrics metrics = runner_.metrics();
  metrics.conflicts = writer_.conflicts();
  return metrics;
}

}  // namespace logbraid
