#include "engine/overflow_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "format/lines.h"
#include "logbraid/event_view.h"
#include "plan/event_conditions.h"

namespace logbraid {
namespace {

// level_number() counts in tens.
std::size_t level_index(std::string_view name) {
  return static_cast<std::size_t>(std::clamp(level_number(name) / 10 - 1, 0, 4));
}

}  // namespace

OverflowQueue::OverflowQueue(OverflowOptions options, MemoryBudget& budget,
                             std::unique_ptr<Reader> reader)
    : options_(std::move(options)),
      most_bytes_(std::min(options_.bytes, budget.limit() / 2)),
      budget_(budget),
      reader_(std::move(reader)),
      default_level_(level_index(options_.default_level)) {}

OverflowQueue::~OverflowQueue() { budget_.charge(charged_, 0); }

void OverflowQueue::push(Batch& batch) {
  const bool by_level = options_.policy == Overflow::drop_by_level;
  if (by_level) reader_->read(batch);
  {
    const std::lock_guard lock(mutex_);
    if (by_level) {
      std::uint64_t number = batch.lines_before;
      const char* at = batch.text().data();
      for (const Record& record : batch.records()) {
        number += static_cast<std::uint64_t>(std::count(at, record.line.data(), '\n'));
        at = record.line.data();
        add(level_of(record, batch.arena()), number, record.line);
      }
    } else {
      std::uint64_t number = batch.lines_before;
      std::string_view line;
      for (Lines lines(batch.text()); lines.next(line); ++number) {
        if (!is_blank_line(line)) add(0, number, line);
      }
    }
    budget_.charge(charged_, bytes_);
  }
  filled_.notify_one();
}

std::size_t OverflowQueue::level_of(const Record& record, Arena& arena) const {
  const auto name = EventView(record.event, arena).get(options_.level_field).as_string();
  return name ? level_index(*name) : default_level_;
}

bool OverflowQueue::over(std::size_t more_bytes) const {
  return events_ != 0 && (events_ + 1 > options_.events || bytes_ + more_bytes > most_bytes_);
}

void OverflowQueue::add(std::size_t level, std::uint64_t number, std::string_view text) {
  const std::size_t cost = text.size() + kLineCost;
  while (over(cost)) {
    if (options_.policy == Overflow::drop_oldest) {
      drop(oldest(), DropReason::overflow_oldest);
      continue;
    }
    std::size_t lowest = level;
    if (options_.policy == Overflow::drop_by_level) {
      lowest = 0;
      while (lowest < level && lines_[lowest].empty()) ++lowest;
    }
    if (options_.policy == Overflow::drop_newest || lines_[lowest].empty()) {
      const bool newest = options_.policy == Overflow::drop_newest;
      count_drop(text.size(), newest ? DropReason::overflow_newest : DropReason::overflow_level);
      return;
    }
    drop(lines_[lowest], DropReason::overflow_level);
  }
  lines_[level].push_back({number, std::string(text)});
  ++events_;
  bytes_ += cost;
}

void OverflowQueue::drop(std::deque<Line>& from, DropReason reason) {
  count_drop(from.front().text.size(), reason);
  bytes_ -= from.front().text.size() + kLineCost;
  --events_;
  from.pop_front();
}

void OverflowQueue::count_drop(std::size_t bytes, DropReason reason) {
  ++counts_.read;
  ++counts_.dropped_for(reason);
  counts_.bytes_in += bytes + 1;  // its line end
}

// The queue that holds the line which came first; only while there is one.
std::deque<OverflowQueue::Line>& OverflowQueue::oldest() {
  return *std::min_element(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
    if (a.empty() || b.empty()) return !a.empty();
    return a.front().number < b.front().number;
  });
}

void OverflowQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_one();
}

bool OverflowQueue::wait() {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [&] { return events_ != 0 || closed_; });
  return events_ != 0;
}

void OverflowQueue::pop_into(Batch& batch, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  batch.reserve(std::max(bytes, oldest().front().text.size() + 1));
  batch.lines_before = oldest().front().number;
  std::size_t size = 0;
  while (events_ != 0) {
    std::deque<Line>& from = oldest();
    const std::string& text = from.front().text;
    if (size + text.size() + 1 > batch.capacity()) break;
    std::memcpy(batch.buffer() + size, text.data(), text.size());
    size += text.size();
    batch.buffer()[size++] = '\n';
    ++batch.lines;
    bytes_ -= text.size() + kLineCost;
    --events_;
    from.pop_front();
  }
  batch.set_size(size);
  budget_.charge(charged_, bytes_);
}

RunCounts OverflowQueue::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace logbraid
