#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/sink.h"
#include "logbraid/source.h"

// Events with a number each, and what became of them.
namespace logbraid::bench {

// When each event came and when it was written, in seconds since the first read.
struct Passage {
  explicit Passage(std::size_t events)
      : arrived(events, kNever), taken(events, kNever), written(events, kNever), missing(events) {}
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  std::vector<double> arrived;
  std::vector<double> taken;  // when it was read, which is later where reading waits
  std::vector<double> written;
  std::atomic<std::size_t> missing;  // not written yet
  std::atomic<double> start{0};      // of the clock, at the first read

  double latency(std::size_t event) const { return written[event] - arrived[event]; }
};

// Gives {"n":0}, {"n":1} ... with a filler behind, each as soon as its time has come, and writes
// down when that was: latency counts from there, also where reading was late. Times never fall.
// Threads: read() from one.
class NumberedSource final : public Source {
 public:
  // `due`: seconds after the first read, by number; it may wait for what was written before.
  NumberedSource(Passage& passage, std::function<double(std::size_t)> due, std::size_t filler = 0);
  Result<std::size_t> read(std::span<char> into) override;
  void interrupt() noexcept override {}
  std::string description() const override { return "numbered"; }

 private:
  Passage& passage_;
  const std::function<double(std::size_t)> due_;
  const std::string filler_;
  std::size_t next_ = 0;
};

// Writes down when each event came out. An event that comes twice ends the program.
class NumberedSink final : public Sink {
 public:
  explicit NumberedSink(Passage& passage) : passage_(passage) {}
  Result<bool> write(std::string_view lines) override;
  Result<bool> flush() override { return true; }
  std::string description() const override { return "numbered"; }

 private:
  Passage& passage_;
};

// Every event at once, as fast as it is read.
inline double at_once(std::size_t) { return 0; }
// So many a second.
std::function<double(std::size_t)> at_a_rate(double rate);
// Waits until the event before was written, and then for a time.
std::function<double(std::size_t)> one_at_a_time(Passage& passage, double pause);

}  // namespace logbraid::bench
