#include "logbraid/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "logbraid/metrics.h"

namespace logbraid {
namespace {

TEST(Histogram, quantiles_are_within_a_bucket_of_the_exact_ones) {
  std::mt19937_64 random(3);
  std::vector<Duration> all;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    const Duration each(
        static_cast<Duration::rep>(std::exp(static_cast<double>(random() % 2300) / 100)));
    all.push_back(each);
    histogram.record(each);
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 20'000)) - 1;
    const auto exact = static_cast<double>(all[rank].count());
    EXPECT_NEAR(static_cast<double>(histogram.quantile(share).count()), exact, exact * 0.032 + 1);
  }
}

TEST(Histogram, is_empty_at_first_and_takes_the_longest) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), Duration());
  histogram.record(Duration::max());
  histogram.record(Duration(-5));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_GT(histogram.quantile(1), std::chrono::seconds(130));
  EXPECT_EQ(histogram.quantile(0), Duration());
}

TEST(Histogram, merging_is_recording_both) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (int i = 0; i < 100; ++i) {
    (i % 2 == 0 ? a : b).record(Duration(i * 1000));
    both.record(Duration(i * 1000));
  }
  a.merge(b);
  EXPECT_EQ(a.count(), both.count());
  for (const double share : {0.1, 0.5, 0.99}) EXPECT_EQ(a.quantile(share), both.quantile(share));
}

TEST(RunMetrics, merges_shards) {
  RunMetrics a;
  RunMetrics b;
  a.enrichers.resize(1);
  b.enrichers.resize(1);
  a.enrichers[0].outcomes[0] = 2;
  b.enrichers[0].outcomes[0] = 3;
  b.enrichers[0].first_error = "why";
  b.groups.push_back({4, Duration(10), Duration(30)});
  a.merge(b);
  EXPECT_EQ(a.enrichers[0].calls(), 5u);
  EXPECT_EQ(a.enrichers[0].first_error, "why");
  EXPECT_EQ(a.groups.at(0).sum, Duration(30));
}

}  // namespace
}  // namespace logbraid
