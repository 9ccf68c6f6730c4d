#include "engine/shard.h"

#include <pthread.h>

#include <algorithm>

namespace logbraid {
namespace {

// Of a refused line, for people: more does not help.
constexpr std::size_t kExampleBytes = 200;

MalformedLine example_of(const Record& record, const Batch& batch) {
  const char* const text = batch.text().data();
  MalformedLine example;
  example.line = static_cast<std::uint64_t>(std::count(text, record.line.data(), '\n'));
  example.reason = record.parse_error;
  example.text = record.line.substr(0, kExampleBytes);
  return example;
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
      runner_(
          parts.plan, parts.options, loop_.timers(), parts.clock, parts.local_hour, parts.pool,
          [this](Posted& posted) { loop_.post(posted); }, *this),
      thread_([this, number] {
        pthread_setname_np(pthread_self(), ("shard-" + std::to_string(number)).c_str());
        loop_.run([this] { turn(); });
      }) {}

Shard::~Shard() { stop(); }

void Shard::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void Shard::submit(std::unique_ptr<Batch> batch) {
  outstanding_.fetch_add(1, std::memory_order_relaxed);
  loop_.post(*new Delivery(*this, std::move(batch)));
}

void Shard::begin(std::unique_ptr<Batch> batch) {
  auto active = std::make_unique<Active>();
  FinishedBatch& finished = active->finished;
  finished.sequence = batch->sequence;
  finished.text_bytes = batch->text().size();
  finished.input_lines = batch->lines;
  finished.lines = parts_.output.take_buffer();
  reader_->read(*batch);
  finished.read = batch->records().size();
  apply_malformed_policy(*batch, finished);
  active->run = std::make_unique<BatchRun>(std::move(batch), parts_.plan.size());
  parts_.watch.begin(*active->run);
  waiting_.push_back(active.get());
  active_.push_back(std::move(active));
}

void Shard::apply_malformed_policy(Batch& batch, FinishedBatch& finished) {
  auto& records = batch.records();
  const auto malformed = [](const Record& record) { return record.malformed(); };
  auto first = std::find_if(records.begin(), records.end(), malformed);
  if (first == records.end()) return;
  for (auto record = first; record != records.end(); ++record) {
    if (!record->malformed()) continue;
    ++finished.malformed;
    if (finished.examples.size() < OrderedOutput::kShown) {
      finished.examples.push_back(example_of(*record, batch));
    }
    if (parts_.on_malformed == OnMalformed::dead_letter) {
      writer_.write(record->event, {}, finished.dead_letters);
      ++finished.dead_lettered;
    }
    if (parts_.on_malformed == OnMalformed::fail) break;
  }
  switch (parts_.on_malformed) {
    case OnMalformed::keep:
      return;
    case OnMalformed::fail:
      // The events before it come out; from it on nothing was read.
      finished.fails = true;
      records.erase(first, records.end());
      finished.read = records.size();
      return;
    case OnMalformed::drop:
      finished.dropped = finished.malformed;
      break;
    case OnMalformed::dead_letter:
      break;
  }
  std::erase_if(records, malformed);
}

void Shard::turn() {
  bool more = true;
  while (more) {
    while (!waiting_.empty()) {
      Active& active = *waiting_.front();
      BatchRun& run = *active.run;
      const std::uint32_t left = run.events() - run.admitted;
      if (left == 0) {
        waiting_.pop_front();
        if (run.events() == 0) batch_done(run);
        continue;
      }
      const std::uint32_t in_flight = runner_.in_flight();
      const std::uint32_t window = parts_.options.in_flight;
      if (in_flight >= window) break;
      std::uint32_t count = std::min(left, window - in_flight);
      if (runner_.all_inline()) count = std::min(count, PlanRunner::kInlineSlice);
      runner_.admit(run, count);
      // What is done is written while it is warm; batch_done() writes the rest.
      if (runner_.all_inline() && run.open != 0) write(active, run.admitted);
    }
    runner_.drain();
    for (BatchRun* const run : released_) {
      const auto active = std::find_if(active_.begin(), active_.end(),
                                       [run](const auto& each) { return each->run.get() == run; });
      parts_.stock.give_back(run->take_batch());
      *active = std::move(active_.back());
      active_.pop_back();
    }
    released_.clear();
    // What ended made room in the window.
    more = !waiting_.empty() && runner_.in_flight() < parts_.options.in_flight;
  }
}

void Shard::batch_done(BatchRun& run) {
  parts_.watch.ended(run);
  const auto active = std::find_if(active_.begin(), active_.end(),
                                   [&](const auto& each) { return each->run.get() == &run; });
  write(**active, run.events());
  parts_.output.put(std::move((*active)->finished));
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  run.written = true;
  if (run.held == 0) released_.push_back(&run);
}

void Shard::write(Active& active, std::uint32_t end) {
  FinishedBatch& finished = active.finished;
  const auto& records = active.run->batch().records();
  for (auto i = static_cast<std::uint32_t>(finished.written); i < end; ++i) {
    writer_.write(records[i].event, active.run->row(i), finished.lines);
  }
  finished.written = end;
}

void Shard::batch_released(BatchRun& run) { released_.push_back(&run); }

RunMetrics Shard::metrics() const {
  RunMetrics metrics = runner_.metrics();
  metrics.conflicts = writer_.conflicts();
  return metrics;
}

}  // namespace logbraid
