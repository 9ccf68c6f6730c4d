#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "cli/console.h"
#include "engine/pipeline.h"

namespace logbraid::cli {

// One line on the terminal that says how far a run is: events, rate, and where the size of the
// input is known its share and the time left. Written over five times a second.
//
// Lifetime: borrows the console and the pipeline; the line is gone after the destructor.
class Progress {
 public:
  Progress(Console& console, const Pipeline& pipeline);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void run();

  Console& console_;
  const Pipeline& pipeline_;
  std::mutex mutex_;  // guards ended_
  std::condition_variable wake_;
  bool ended_ = false;
  std::thread thread_;
};

struct ProgressFigures {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t expected_bytes = 0;  // 0: not known
  Duration elapsed{};
  double recent_rate = 0;  // events/s
};

// "12,345 events  4,567/s  45 %  0:12 left  access.log"
std::string progress_text(const ProgressFigures& figures, const std::string& source);

}  // namespace logbraid::cli
