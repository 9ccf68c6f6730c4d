#include "benchmarks/support/numbered_events.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "benchmarks/support/rounds.h"

namespace logbraid::bench {

NumberedSource::NumberedSource(Passage& passage, std::function<double(std::size_t)> due,
                               std::size_t filler)
    : passage_(passage), due_(std::move(due)), filler_(filler, 'x') {}

Result<std::size_t> NumberedSource::read(std::span<char> into) {
  constexpr std::size_t kAround = 40;  // what stands around the filler
  if (next_ == 0) passage_.start = wall_seconds();
  const double start = passage_.start;
  char* at = into.data();
  char* const end = at + into.size();
  while (next_ < passage_.arrived.size() &&
         static_cast<std::size_t>(end - at) > filler_.size() + kAround) {
    const double now = wall_seconds() - start;
    const double due = due_(next_);
    if (due > now) {
      if (at != into.data()) break;  // what has come goes on its way
      std::this_thread::sleep_for(std::chrono::duration<double>(due - now));
      continue;
    }
    passage_.arrived[next_] = due == 0 ? now : due;
    passage_.taken[next_] = now;
    std::memcpy(at, "{\"n\":", 5);
    at = std::to_chars(at + 5, end, next_).ptr;
    if (!filler_.empty()) {
      std::memcpy(at, ",\"message\":\"", 12);
      at = std::copy(filler_.begin(), filler_.end(), at + 12);
      *at++ = '"';
    }
    *at++ = '}';
    *at++ = '\n';
    ++next_;
  }
  return static_cast<std::size_t>(at - into.data());
}

Result<bool> NumberedSink::write(std::string_view lines) {
  const double now = wall_seconds() - passage_.start;
  std::size_t count = 0;
  while (!lines.empty()) {
    std::size_t number = 0;
    std::from_chars(lines.data() + 5, lines.data() + lines.size(), number);
    require(lines.starts_with("{\"n\":") && number < passage_.written.size(), "an event's number");
    require(passage_.written[number] == Passage::kNever, "an event came out twice");
    passage_.written[number] = now;
    ++count;
    lines.remove_prefix(std::min(lines.size(), lines.find('\n') + 1));
  }
  passage_.missing -= count;
  return true;
}

std::function<double(std::size_t)> at_a_rate(double rate) {
  return [rate](std::size_t event) { return static_cast<double>(event + 1) / rate; };
}

std::function<double(std::size_t)> one_at_a_time(Passage& passage, double pause) {
  return [&passage, pause](std::size_t event) {
    const std::size_t written = passage.written.size() - passage.missing;
    // A quarter of a millisecond is short beside the pause.
    if (written < event) return wall_seconds() - passage.start + 0.00025;
    return event == 0 ? pause : passage.written[event - 1] + pause;
  };
}

}  // namespace logbraid::bench
