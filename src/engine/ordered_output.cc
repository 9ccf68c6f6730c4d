#include "engine/ordered_output.h"

#include <utility>

namespace logbraid {

OrderedOutput::OrderedOutput(Parts parts) : parts_(std::move(parts)), order_(parts_.lanes) {}

void OrderedOutput::announce(std::uint64_t sequence, Lanes lanes) {
  bool released = false;
  {
    const std::lock_guard lock(mutex_);
    order_.announce(sequence, lanes, parts_.clock.now());
    released = order_.released();
  }
  if (released) ready_.notify_one();
}

void OrderedOutput::put(std::span<FinishedPart> parts) {
  const TimePoint now = parts_.clock.now();
  bool released = false;
  {
    const std::lock_guard lock(mutex_);
    for (FinishedPart& part : parts) {
      parts_.budget.charge(part.charged, part.lines.capacity() + part.dead_letters.capacity() +
                                             part.waited.capacity() * sizeof(Duration));
      order_.put(std::move(part), now);
    }
    released = order_.released();
  }
  if (released) ready_.notify_one();
}

void OrderedOutput::input_ended(std::uint64_t end) {
  {
    const std::lock_guard lock(mutex_);
    end_ = end;
  }
  ready_.notify_one();
}

std::string OrderedOutput::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (buffers_.empty()) return {};
  std::string buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

std::optional<TimePoint> OrderedOutput::waited_for_since(std::uint64_t sequence,
                                                         Lanes lanes) const {
  const std::lock_guard lock(mutex_);
  return order_.waited_for_since(sequence, lanes);
}

RunCounts OrderedOutput::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void OrderedOutput::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!order_.released() && !stopped_) {
      // Nothing to do: what was written goes where somebody may wait for it.
      lock.unlock();
      note(parts_.sink.flush());
      lock.lock();
    }
    ready_.wait(lock, [&] { return order_.released() || (end_ && batches_done_ >= *end_); });
    std::optional<FinishedPart> part = order_.pop();
    if (!part) return;
    lock.unlock();
    write(*part);
    if (part->last) parts_.on_done();
    keep_or_free(*part);
    lock.lock();
    if (part->last) ++batches_done_;
  }
}

void OrderedOutput::write(FinishedPart& part) {
  show(part);
  RunCounts counts = part.counts;
  if (stopped_ || (!part.lines.empty() && !note(parts_.sink.write(part.lines)))) {
    counts.held += std::exchange(counts.written, 0);
  }
  if (stopped_ ||
      (!part.dead_letters.empty() && !note(parts_.dead_letter->write(part.dead_letters)))) {
    counts.held += std::exchange(counts.dead_lettered, 0);
  }
  if (part.fails && !stopped_) {
    const MalformedLine& why = part.examples.back();
    stop_with(Error("line " + std::to_string(why.line) + " of the input: " + why.reason +
                    " (on_malformed: fail)"));
  }
  if (counts.written != 0) counts.bytes_out += part.lines.size();
  if (part.lanes != 0) record_waiting(part);
  const std::lock_guard lock(mutex_);
  counts_.merge(counts);
}

// Behind events of its own batch, then behind other batches: together what an event lost.
void OrderedOutput::record_waiting(const FinishedPart& part) {
  const Duration behind_batches = part.released_at - part.put_at;
  for (const Duration behind_events : part.waited) {
    order_waiting_.record(behind_events + behind_batches);
  }
  if (part.waited.empty() && part.counts.written != 0) {
    order_waiting_.record(behind_batches, part.counts.written);
  }
}

// The buffer stays warm for the next lines, while memory is not short.
void OrderedOutput::keep_or_free(FinishedPart& part) {
  part.lines.clear();
  const bool keep = part.lines.capacity() <= kKeptBuffer && !parts_.budget.used_up();
  if (keep) {
    const std::lock_guard lock(mutex_);
    if (buffers_.size() < kKeptBuffers) buffers_.push_back(std::move(part.lines));
  }
  parts_.budget.charge(part.charged, 0);
  parts_.on_room();
}

void OrderedOutput::show(const FinishedPart& part) {
  for (const MalformedLine& example : part.examples) {
    if (shown_ == kShown || !parts_.on_malformed || stopped_) return;
    ++shown_;
    parts_.on_malformed(example);
  }
}

bool OrderedOutput::note(const Result<bool>& taken) {
  if (!taken) {
    stop_with(taken.error());
    return false;
  }
  if (!*taken) {
    closed_ = true;
    stopped_ = true;
    parts_.on_stop();
  }
  return *taken;
}

void OrderedOutput::stop_with(Error error) {
  if (!error_) error_ = std::move(error);
  stopped_ = true;
  parts_.on_stop();
}

}  // namespace logbraid
