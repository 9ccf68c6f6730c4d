#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace logbraid::soak {

// What a process holds, as /proc says.
std::size_t threads_now();
std::size_t descriptors_now();
double resident_mib_now();

// Looks at the resident memory, four times a second, from a thread of its own.
class MemoryWatch {
 public:
  MemoryWatch();
  // Ends the thread and gives what it saw, in MiB.
  std::vector<double> stop();
  ~MemoryWatch() { stop(); }
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  static constexpr std::size_t kSamplesASecond = 4;

 private:
  std::mutex mutex_;  // guards stopped_ and samples_
  std::condition_variable changed_;
  bool stopped_ = false;
  std::vector<double> samples_;
  std::thread thread_;
};

}  // namespace logbraid::soak
