// Millions of events through eight enrichers that succeed, fail, throw, hang and come late: nothing
// is lost, nothing grows, nothing is left behind.
//
//   soak [--events N] [--seed N]      70,000,000 events, seed 1
//
// Prints a table; exit code 1 where a line of it is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/pipeline.h"
#include "format/json_reader.h"
#include "tests/soak/process_watch.h"
#include "tests/soak/soak_enrichers.h"

namespace logbraid::soak {
namespace {

// Memory is compared where a run is long enough for its first part to be more than warming up.
constexpr std::uint64_t kLeastEvents = 50'000'000;
constexpr double kGrowth = 0.05;
constexpr std::size_t kWarmingUp = 4;  // the first part of so many is not compared

class NumberedEvents final : public Source {
 public:
  explicit NumberedEvents(std::uint64_t count) : count_(count) {}
  Result<std::size_t> read(std::span<char> into) override {
    std::size_t size = 0;
    for (; next_ < count_; ++next_) {
      const auto line = fmt::format_to_n(line_, sizeof line_,
                                         R"({{"n":{},"message":"{:x<{}}"}})"
                                         "\n",
                                         next_, next_ * 7, 20 + next_ * 31 % 150);
      if (size + line.size > into.size()) break;
      std::memcpy(into.data() + size, line_, line.size);
      size += line.size;
    }
    return size;
  }
  void interrupt() noexcept override {}
  std::string description() const override { return "numbered events"; }

 private:
  const std::uint64_t count_;
  std::uint64_t next_ = 0;
  char line_[256];
};

class CountingSink final : public Sink {
 public:
  explicit CountingSink(std::uint64_t& lines) : lines_(lines) {}
  Result<bool> write(std::string_view lines) override {
    lines_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    return true;
  }
  Result<bool> flush() override { return true; }
  std::string description() const override { return "counting"; }

 private:
  std::uint64_t& lines_;
};

double median(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

class Table {
 public:
  void line(std::string_view what, const std::string& value, bool fine) {
    fmt::print("{:<34} {:>24}  {}\n", what, value, fine ? "ok" : "WRONG");
    wrong_ |= !fine;
  }
  bool wrong() const { return wrong_; }

 private:
  bool wrong_ = false;
};

bool soak(std::uint64_t events, std::uint64_t seed) {
  std::thread([] {}).join();  // the thread of a sanitizer begins with the first one
  const std::size_t threads = threads_now();
  const std::size_t descriptors = descriptors_now();
  Alive alive;
  const auto plan = soak_plan(seed, alive);
  std::uint64_t written = 0;
  std::uint64_t buried = 0;
  PipelineParts parts;
  parts.source = std::make_unique<NumberedEvents>(events);
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = plan;
  parts.sink = std::make_unique<CountingSink>(written);
  parts.dead_letter = std::make_unique<CountingSink>(buried);
  parts.local_hour = [] { return 12; };
  auto pipeline = Pipeline::create(std::move(parts));
  if (!pipeline) {
    fmt::print("{}\n", pipeline.error().to_string());
    return false;
  }
  MemoryWatch memory;
  const RunReport report = (*pipeline)->run();
  const std::vector<double> samples = memory.stop();
  alive.let_go.count_down();
  pipeline->reset();  // waits for the calls that hung to the end

  const double seconds = std::chrono::duration<double>(report.elapsed).count();
  fmt::print("{} events, seed {}: {:.1f} s, {:.0f} events/s, {} shards, {} pool threads\n\n",
             events, seed, seconds, static_cast<double>(events) / seconds, report.shards,
             report.pool.threads);
  fmt::print("{:<10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7} {:>7}\n", "enricher", "ok",
             "no_match", "error", "timeout", "breaker", "off", "retries", "late");
  Table table;
  const auto& enrichers = report.metrics.enrichers;
  bool each_once = true;
  for (std::uint32_t node = 0; node < plan->size(); ++node) {
    const EnricherMetrics& each = enrichers[node];
    const auto of = [&](Outcome outcome) {
      return each.outcomes[static_cast<std::size_t>(outcome)];
    };
    fmt::print("{:<10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7} {:>7}\n", (*plan)[node].name,
               of(Outcome::ok), of(Outcome::no_match), of(Outcome::error), of(Outcome::timeout),
               of(Outcome::breaker_open), of(Outcome::condition_false), each.retries, each.late);
    each_once &=
        events == std::accumulate(each.outcomes.begin(), each.outcomes.end(), std::uint64_t{0});
  }
  fmt::print("\n");
  const RunCounts& counts = report.counts;
  table.line("read", fmt::format("{}", counts.read), counts.read == events);
  table.line("written", fmt::format("{}", counts.written), counts.written == written);
  table.line("dead letters", fmt::format("{}", counts.dead_lettered),
             counts.dead_lettered == buried && buried != 0);
  table.line("dropped", fmt::format("{}", counts.dropped_in_all()), counts.dropped_in_all() != 0);
  table.line("read = written + ... + held", counts.balanced() ? "yes" : "no", counts.balanced());
  table.line("one outcome each", each_once ? "yes" : "no", each_once);
  table.line("calls that hung to the end", fmt::format("{}", report.calls_still_out), true);

  // While the stocks of calls, frames and batches fill up, memory grows.
  const auto warm = std::span(samples).subspan(samples.size() / kWarmingUp);
  const std::size_t minute = 60 * MemoryWatch::kSamplesASecond;
  const std::size_t window = std::min(minute, warm.size() / 3);
  const double first = median(warm.first(window));
  const double last = median(warm.last(window));
  const bool judged = events >= kLeastEvents;
  table.line("resident, first and last part", fmt::format("{:.1f} and {:.1f} MiB", first, last),
             !judged || last <= first * (1 + kGrowth));
  table.line("bytes under way, at most",
             fmt::format("{:.1f} MiB", static_cast<double>(report.memory_peak) / 1048576.0), true);
  table.line("threads, before and after", fmt::format("{} and {}", threads, threads_now()),
             threads_now() == threads);
  table.line("descriptors, before and after",
             fmt::format("{} and {}", descriptors, descriptors_now()),
             descriptors_now() == descriptors);
  table.line("coroutines left", fmt::format("{}", alive.coroutines.load()),
             alive.coroutines.load() == 0);
  table.line("calls left", fmt::format("{}", alive.calls.load()), alive.calls.load() == 0);
  return !table.wrong();
}

}  // namespace
}  // namespace logbraid::soak

int main(int count, char** arguments) {
  std::uint64_t events = 70'000'000;
  std::uint64_t seed = 1;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == count || (name != "--events" && name != "--seed")) {
      fmt::print(stderr, "usage: soak [--events N] [--seed N]\n");
      return 2;
    }
    (name == "--events" ? events : seed) = std::stoull(arguments[i + 1]);
  }
  return logbraid::soak::soak(events, seed) ? 0 : 1;
}
