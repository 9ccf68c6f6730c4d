#include "metrics/stats_writer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace logbraid {
namespace {

using namespace std::chrono_literals;

constexpr MetricName named(std::string_view name) {
  return {name, MetricKind::counter, "events", "", ""};
}

TEST(StatsWriter, parts_of_a_name_are_objects_inside_each_other) {
  StatsWriter writer;
  writer.add(named("a.one"), std::uint64_t{1});
  writer.add(named("a.b.two"), std::uint64_t{2});
  writer.add(named("a.b.three"), std::uint64_t{3});
  writer.add(named("a.four"), std::uint64_t{4});
  writer.add(named("five"), std::uint64_t{5});
  EXPECT_EQ(writer.take(),
            "{\"a\": {\"one\": 1, \"b\": {\"two\": 2, \"three\": 3}, \"four\": 4}, \"five\": 5}\n");
}

TEST(StatsWriter, the_values_of_a_label_are_members) {
  StatsWriter writer;
  writer.add(named("a.dropped"), "newest", 1);
  writer.add(named("a.dropped"), "oldest", 2);
  writer.add(named("a.rest"), std::uint64_t{3});
  EXPECT_EQ(writer.take(), "{\"a\": {\"dropped\": {\"newest\": 1, \"oldest\": 2}, \"rest\": 3}}\n");
}

TEST(StatsWriter, times_are_seconds_to_the_nanosecond) {
  for (const auto& [value, expected] : {std::pair<Duration, std::string>{0ns, "0.000000000"},
                                        {1ns, "0.000000001"},
                                        {1500ms, "1.500000000"},
                                        {-1500ms, "-1.500000000"},
                                        {Duration::max(), "9223372036.854775807"},
                                        {Duration::min(), "-9223372036.854775808"}}) {
    StatsWriter writer;
    writer.add(named("t"), value);
    EXPECT_EQ(writer.take(), "{\"t\": " + expected + "}\n");
  }
}

TEST(StatsWriter, text_of_any_bytes_is_valid) {
  StatsWriter writer;
  writer.add(named("error"), std::string_view("\"no\"\n\xff\0", 7));
  EXPECT_EQ(writer.take(), "{\"error\": \"\\\"no\\\"\\n\xEF\xBF\xBD\\u0000\"}\n");
}

TEST(StatsWriter, what_was_not_measured_is_null) {
  StatsWriter writer;
  writer.add_none(named("none"));
  writer.add_ratio(named("ratio"), 3s, 0s);
  writer.add_quantiles(named("latency"), Histogram());
  EXPECT_EQ(writer.take(),
            "{\"none\": null, \"ratio\": null, "
            "\"latency\": {\"p50\": null, \"p90\": null, \"p99\": null}}\n");
}

TEST(StatsWriter, ratios_and_quantiles_of_what_was) {
  StatsWriter writer;
  writer.add_ratio(named("ratio"), 3s, 2s);
  Histogram histogram;
  histogram.record(10ns);
  writer.add_quantiles(named("latency"), histogram);
  EXPECT_EQ(writer.take(),
            "{\"ratio\": 1.5, \"latency\": {\"p50\": 0.000000010, \"p90\": 0.000000010, "
            "\"p99\": 0.000000010}}\n");
}

TEST(StatsWriter, rows_are_objects_of_an_array) {
  StatsWriter writer;
  writer.add(named("a.b"), std::uint64_t{1});
  writer.add_rows("rows", 2, [&](std::size_t row) {
    writer.add(named("rows.name"), row == 0 ? "x" : "y");
    writer.add(named("rows.outcomes"), "ok", row);
  });
  writer.add_rows("none", 0, [](std::size_t) {});
  EXPECT_EQ(writer.take(),
            "{\"a\": {\"b\": 1}, \"rows\": [{\"name\": \"x\", \"outcomes\": {\"ok\": 0}}, "
            "{\"name\": \"y\", \"outcomes\": {\"ok\": 1}}], \"none\": []}\n");
  EXPECT_EQ(writer.take(), "{}\n") << "it is empty then";
}

}  // namespace
}  // namespace logbraid
