#include "tests/soak/process_watch.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace logbraid::soak {
namespace {

std::size_t entries(const char* folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

std::size_t threads_now() { return entries("/proc/self/task"); }
// The folder that is being read is one itself, each time.
std::size_t descriptors_now() { return entries("/proc/self/fd"); }

double resident_mib_now() {
  std::ifstream statm("/proc/self/statm");
  long all = 0;
  long resident = 0;
  statm >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
}

MemoryWatch::MemoryWatch()
    : thread_([this] {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, std::chrono::milliseconds(1000 / kSamplesASecond),
                                  [this] { return stopped_; })) {
          samples_.push_back(resident_mib_now());
        }
      }) {}

std::vector<double> MemoryWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return samples_;
}

}  // namespace logbraid::soak
