#include "logbraid/process_metrics.h"

#include <sys/resource.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace logbraid {
namespace {

constexpr std::uint64_t kKiB = 1024;

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

// The number behind the name in a line of /proc/self/status.
std::uint64_t figure_of(std::string_view line) {
  const std::size_t digit = line.find_first_of("0123456789");
  std::uint64_t figure = 0;
  if (digit != std::string_view::npos) {
    std::from_chars(line.data() + digit, line.data() + line.size(), figure);
  }
  return figure;
}

std::uint64_t open_descriptors() {
  std::error_code failed;
  std::filesystem::directory_iterator each("/proc/self/fd", failed);
  std::uint64_t count = 0;
  for (; !failed && each != std::filesystem::directory_iterator(); each.increment(failed)) ++count;
  return count == 0 ? 0 : count - 1;  // one of them is that folder itself
}

}  // namespace

ProcessMetrics ProcessMetrics::now() {
  ProcessMetrics metrics;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  metrics.cpu_user = to_duration(usage.ru_utime);
  metrics.cpu_system = to_duration(usage.ru_stime);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) metrics.resident_bytes = figure_of(line) * kKiB;
    if (line.starts_with("VmHWM:")) metrics.resident_peak_bytes = figure_of(line) * kKiB;
    if (line.starts_with("Threads:")) metrics.threads = figure_of(line);
  }
  status.close();
  metrics.descriptors = open_descriptors();
  return metrics;
}

}  // namespace logbraid
