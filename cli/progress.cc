#include "cli/progress.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "cli/figures.h"

namespace logbraid::cli {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(200);
// The rate shown is that of the last two seconds: long enough not to flicker.
constexpr std::size_t kSamples = 10;

}  // namespace

std::string progress_text(const ProgressFigures& figures, const std::string& source) {
  std::string text = fmt::format(
      "{} events  {}/s", count_text(figures.events),
      count_text(static_cast<std::uint64_t>(std::llround(std::max(figures.recent_rate, 0.0)))));
  if (figures.expected_bytes > 0 && figures.bytes > 0) {
    // A file that grows while it is read has more than it was expected to have.
    const double share = std::min(
        1.0, static_cast<double>(figures.bytes) / static_cast<double>(figures.expected_bytes));
    const double elapsed = std::chrono::duration<double>(figures.elapsed).count();
    const auto left = static_cast<std::uint64_t>(std::llround(elapsed / share - elapsed));
    text += fmt::format("  {:.0f} %  {}:{:02} left", share * 100, left / 60, left % 60);
  }
  return text + "  " + source;
}

Progress::Progress(Console& console, const Pipeline& pipeline)
    : console_(console), pipeline_(pipeline), thread_([this] { run(); }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
  console_.clear_status();
}

void Progress::run() {
  ::pthread_setname_np(::pthread_self(), "progress");
  struct Sample {
    TimePoint time;
    std::uint64_t events;
  };
  const TimePoint start = std::chrono::steady_clock::now();
  std::deque<Sample> samples{{start, 0}};
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPeriod, [&] { return ended_; })) {
    const RunCounts counts = pipeline_.counts();
    const TimePoint now = std::chrono::steady_clock::now();
    const Sample& oldest = samples.front();
    const double seconds = std::chrono::duration<double>(now - oldest.time).count();
    const ProgressFigures figures{
        .events = counts.read,
        .bytes = counts.bytes_in,
        .expected_bytes = pipeline_.source().expected_bytes(),
        .elapsed = now - start,
        .recent_rate = static_cast<double>(counts.read - oldest.events) / seconds};
    samples.push_back({now, counts.read});
    if (samples.size() > kSamples) samples.pop_front();
    console_.status(progress_text(figures, pipeline_.source().description()));
  }
}

}  // namespace logbraid::cli
