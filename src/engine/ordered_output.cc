#include "engine/ordered_output.h"

#include <utility>

namespace logbraid {

OrderedOutput::OrderedOutput(Sink& sink, Sink* dead_letter, Callbacks callbacks)
    : sink_(sink), dead_letter_(dead_letter), callbacks_(std::move(callbacks)) {}

void OrderedOutput::put(FinishedBatch batch) {
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t sequence = batch.sequence;
    waiting_.emplace(sequence, std::move(batch));
    // Waking takes a core from a shard: not for a batch that has to wait for an earlier one.
    if (sequence != next_) return;
  }
  ready_.notify_one();
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

RunCounts OrderedOutput::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void OrderedOutput::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto due = [&] { return !waiting_.empty() && waiting_.begin()->first == next_; };
    if (!due() && !stopped_) {
      // Nothing to do: what was written goes where somebody may wait for it.
      lock.unlock();
      note(sink_.flush());
      lock.lock();
    }
    ready_.wait(lock, [&] { return due() || (end_ && next_ >= *end_); });
    if (!due()) return;
    FinishedBatch batch = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    ++next_;
    lock.unlock();
    write(batch);
    callbacks_.on_done(batch);
    lock.lock();
    batch.lines.clear();
    if (batch.lines.capacity() > kKeptBuffer) continue;
    buffers_.push_back(std::move(batch.lines));
  }
}

void OrderedOutput::write(FinishedBatch& batch) {
  show(batch);
  std::uint64_t written = 0;
  std::uint64_t dead_lettered = 0;
  if (!stopped_) {
    if (batch.lines.empty() || write_to(sink_, batch.lines)) written = batch.written;
    if (batch.dead_letters.empty() || (!stopped_ && write_to(*dead_letter_, batch.dead_letters))) {
      dead_lettered = batch.dead_lettered;
    }
    if (batch.fails && !stopped_) {
      const MalformedLine& why = batch.examples.back();
      stop_with(Error("line " + std::to_string(lines_before_ + why.line + 1) +
                      " of the input: " + why.reason + " (on_malformed: fail)"));
    }
  }
  lines_before_ += batch.input_lines;

  const std::lock_guard lock(mutex_);
  counts_.read += batch.read;
  counts_.written += written;
  counts_.dead_lettered += dead_lettered;
  counts_.dropped += batch.dropped;
  counts_.unwritten += batch.written + batch.dead_lettered - written - dead_lettered;
  counts_.malformed += batch.malformed;
  counts_.bytes_in += batch.text_bytes;
  if (written != 0) counts_.bytes_out += batch.lines.size();
}

void OrderedOutput::show(const FinishedBatch& batch) {
  for (const MalformedLine& example : batch.examples) {
    if (shown_ == kShown || !callbacks_.on_malformed || stopped_) return;
    ++shown_;
    MalformedLine placed = example;
    placed.line += lines_before_ + 1;
    callbacks_.on_malformed(placed);
  }
}

bool OrderedOutput::write_to(Sink& sink, std::string_view lines) { return note(sink.write(lines)); }

bool OrderedOutput::note(const Result<bool>& taken) {
  if (!taken) {
    stop_with(taken.error());
    return false;
  }
  if (!*taken) {
    closed_ = true;
    stopped_ = true;
    callbacks_.on_stop();
  }
  return *taken;
}

void OrderedOutput::stop_with(Error error) {
  if (!error_) error_ = std::move(error);
  stopped_ = true;
  callbacks_.on_stop();
}

}  // namespace logbraid
