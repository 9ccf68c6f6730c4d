#include "logbraid/process_metrics.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>
#include <vector>

#include "tests/support/pipe.h"

namespace logbraid {
namespace {

TEST(ProcessMetrics, counts_threads_and_descriptors) {
  std::thread([] {}).join();  // the thread of a sanitizer begins with the first one
  const ProcessMetrics before = ProcessMetrics::now();
  EXPECT_GE(before.threads, 1u);
  EXPECT_GE(before.descriptors, 1u);
  std::latch end(1);
  std::thread thread([&] { end.wait(); });
  const test::Pipe pipe;
  const ProcessMetrics during = ProcessMetrics::now();
  end.count_down();
  thread.join();
  EXPECT_EQ(during.threads, before.threads + 1);
  EXPECT_EQ(during.descriptors, before.descriptors + 2);
}

TEST(ProcessMetrics, memory_is_counted_in_bytes) {
  constexpr std::size_t kMuch = 64 * 1024 * 1024;
  const ProcessMetrics before = ProcessMetrics::now();
  const std::vector<char> memory(kMuch, 'x');
  const ProcessMetrics during = ProcessMetrics::now();
  EXPECT_EQ(memory.back(), 'x');
  EXPECT_GE(during.resident_bytes, before.resident_bytes + kMuch / 2);
  EXPECT_GE(during.resident_peak_bytes, during.resident_bytes - kMuch / 2);
  EXPECT_GE(during.resident_peak_bytes, before.resident_bytes + kMuch / 2);
}

TEST(ProcessMetrics, the_processor_s_time_grows) {
  const Duration before = ProcessMetrics::now().cpu();
  // Work until the kernel has noticed: its clock has a resolution of its own.
  while (ProcessMetrics::now().cpu() <= before) {
  }
  EXPECT_GT(ProcessMetrics::now().cpu_user + ProcessMetrics::now().cpu_system, before);
}

}  // namespace
}  // namespace logbraid
