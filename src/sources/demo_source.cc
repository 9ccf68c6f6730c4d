#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "sources/builtin.h"
#include "sources/demo_event.h"
#include "sources/interrupt.h"

namespace logbraid {
namespace {

struct DemoOptions {
  std::uint64_t count;  // 0: endless
  double rate;          // events a second; 0: no limit
  std::uint64_t seed;
};

class DemoSource final : public Source {
 public:
  DemoSource(DemoOptions options, Interrupt interrupt)
      : options_(options), interrupt_(std::move(interrupt)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (into.empty()) return std::size_t{0};
    if (given_ == text_.size() && !make_more(into.size())) return std::size_t{0};
    const std::size_t size = std::min(into.size(), text_.size() - given_);
    std::memcpy(into.data(), text_.data() + given_, size);
    given_ += size;
    return size;
  }

  void interrupt() noexcept override { interrupt_.ring(); }
  std::string description() const override { return "demo"; }

 private:
  // New events in text_, about `bytes` of them where so many are due; false: the end.
  bool make_more(std::size_t bytes) {
    text_.clear();
    given_ = 0;
    const std::uint64_t limit =
        options_.count == 0 ? std::numeric_limits<std::uint64_t>::max() : options_.count;
    if (next_ == limit) return false;
    std::uint64_t due = limit;
    if (options_.rate > 0) {
      if (next_ == 0) start_ = std::chrono::steady_clock::now();
      const Duration until_next = due_at(next_) - std::chrono::steady_clock::now();
      if (interrupt_.wait(-1, std::max(until_next, Duration::zero())) ==
          Interrupt::Wake::interrupted) {
        return false;
      }
      due = std::min(limit, due_by(std::chrono::steady_clock::now()));
      due = std::max(due, next_ + 1);  // rounding: the one we waited for is due
    } else if (interrupt_.rang()) {
      return false;
    }
    while (next_ < due && text_.size() < bytes) append_demo_event(text_, options_.seed, next_++);
    return true;
  }

  // Event i is due i / rate after the start: a late one does not delay those behind it.
  TimePoint due_at(std::uint64_t index) const {
    const double seconds = std::min(static_cast<double>(index) / options_.rate, 1e9);
    return start_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  std::uint64_t due_by(TimePoint now) const {
    const double seconds = std::chrono::duration<double>(now - start_).count();
    return static_cast<std::uint64_t>(std::min(seconds * options_.rate, 1e18)) + 1;
  }

  const DemoOptions options_;
  Interrupt interrupt_;
  TimePoint start_;
  std::uint64_t next_ = 0;  // index of the next event
  std::string text_;        // whole events; what a read() had no room for stays for the next
  std::size_t given_ = 0;   // bytes of text_
};

Result<std::unique_ptr<Source>> make(const Settings& settings, const MakeContext&) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Result<std::int64_t> count = settings["count"].as_integer(0, kMost);
  if (!count) return count.error();
  const Result<double> rate = settings["rate"].as_number(0, 1e9);
  if (!rate) return rate.error();
  const Result<std::int64_t> seed = settings["seed"].as_integer(0, kMost);
  if (!seed) return seed.error();

  Result<Interrupt> interrupt = Interrupt::make();
  if (!interrupt) return interrupt.error();
  return std::unique_ptr<Source>(
      std::make_unique<DemoSource>(DemoOptions{.count = static_cast<std::uint64_t>(*count),
                                               .rate = *rate,
                                               .seed = static_cast<std::uint64_t>(*seed)},
                                   std::move(*interrupt)));
}

}  // namespace

SourceKind demo_source() {
  return {
      .name = "demo",
      .summary = "Makes up requests to a web shop, for trying things out",
      .help = R"(Makes events with timestamp, level, method, path (with a query), status, bytes,
client_ip, user_agent, latency_ms, trace_id and span_id. The same seed gives the same events; their
times start on a fixed day and are 10 ms apart, whatever the rate.

  source: {type: demo, count: 0, rate: 500})",
      .settings = {{.name = "count",
                    .type = SettingType::integer,
                    .unit = "events",
                    .default_text = "1000",
                    .help = "How many; 0: until it is stopped."},
                   {.name = "rate",
                    .type = SettingType::number,
                    .unit = "events/s",
                    .default_text = "0",
                    .help = "How many a second; 0: as fast as they are taken."},
                   {.name = "seed",
                    .type = SettingType::integer,
                    .default_text = "1",
                    .help = "Another seed makes other events."}},
      .make = make,
      .default_format = "json",
  };
}

}  // namespace logbraid
