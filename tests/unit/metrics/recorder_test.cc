#include "metrics/recorder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace logbraid {
namespace {

using namespace std::chrono_literals;

TEST(EnricherRecorder, reads_what_was_written) {
  EnricherRecorder recorder;
  EXPECT_EQ(recorder.read().latency.count(), 0u);
  EXPECT_EQ(recorder.read().first_error, "");
  recorder.count(Outcome::ok, 3);
  recorder.count(Outcome::timeout);
  recorder.record(10ns);
  recorder.record(30ns);
  recorder.waited.add(5ns);
  recorder.late.add(1);
  recorder.retries.add(2);
  recorder.first_error.set("one");
  recorder.first_error.set("two");
  const EnricherMetrics metrics = recorder.read();
  EXPECT_EQ(metrics.calls(), 4u);
  EXPECT_EQ(metrics.timed_calls, 2u);
  EXPECT_EQ(metrics.busy, 40ns);
  EXPECT_EQ(metrics.mean(), 20ns);
  EXPECT_EQ(metrics.waited, 5ns);
  EXPECT_EQ(metrics.late, 1u);
  EXPECT_EQ(metrics.retries, 2u);
  EXPECT_EQ(metrics.first_error, "one");
  EXPECT_EQ(metrics.latency.count(), 2u);
  EXPECT_EQ(metrics.latency.quantile(0.5), 10ns);
}

TEST(EventRecorder, takes_the_latency_of_single_events_only) {
  EventRecorder recorder;
  recorder.add(1, 10us, 30us, 9us);
  recorder.add(16, 160us, 160us, 160us);
  const EventMetrics metrics = recorder.read();
  EXPECT_EQ(metrics.events, 17u);
  EXPECT_EQ(metrics.wall, 170us);
  EXPECT_EQ(metrics.sum, 190us);
  EXPECT_EQ(metrics.critical_path, 169us);
  EXPECT_EQ(metrics.latency.count(), 1u);
}

TEST(HistogramRecorder, agrees_with_the_histogram) {
  HistogramRecorder recorder;
  Histogram histogram;
  for (Duration each = 1ns; each < 200s; each = each * 3 + 1ns) {
    recorder.record(each);
    histogram.record(each);
  }
  recorder.record(-1ns);
  histogram.record(-1ns);
  const Histogram read = recorder.read();
  EXPECT_EQ(read.count(), histogram.count());
  for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    EXPECT_EQ(read.quantile(share), histogram.quantile(share)) << share;
  }
}

// For the thread sanitizer; a count that goes back would be a torn or lost one.
TEST(EnricherRecorder, is_read_while_it_is_written) {
  EnricherRecorder recorder;
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    std::uint64_t before = 0;
    std::uint64_t timed = 0;
    while (!stop) {
      const EnricherMetrics metrics = recorder.read();
      EXPECT_GE(metrics.calls(), before);
      EXPECT_GE(metrics.latency.count(), timed);
      EXPECT_TRUE(metrics.first_error.empty() || metrics.first_error == "why it failed, at length");
      before = metrics.calls();
      timed = metrics.latency.count();
    }
  });
  for (int i = 0; i < 20'000; ++i) {
    recorder.count(Outcome::error);
    recorder.record(Duration(i));
    recorder.first_error.set("why it failed, at length");
  }
  stop = true;
  reader.join();
  EXPECT_EQ(recorder.read().calls(), 20'000u);
}

}  // namespace
}  // namespace logbraid
