#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "engine/pipeline.h"

namespace logbraid {
namespace {

// Cores by the quota of this process's cgroup (version 2: "max 100000" or "150000 100000");
// 0 where there is none.
unsigned cores_by_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return static_cast<unsigned>(std::ceil(std::strtod(quota.c_str(), nullptr) / period));
}

}  // namespace

unsigned usable_cores() {
  cpu_set_t affinity;
  unsigned cores = std::thread::hardware_concurrency();
  if (sched_getaffinity(0, sizeof affinity, &affinity) == 0) {
    cores = static_cast<unsigned>(CPU_COUNT(&affinity));
  }
  if (const unsigned quota = cores_by_quota(); quota != 0) cores = std::min(cores, quota);
  return std::max(cores, 1u);
}

}  // namespace logbraid
