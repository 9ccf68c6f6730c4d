#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/histogram.h"
#include "metrics/names.h"

namespace logbraid {

// Writes metrics as one JSON document: the parts of a name are members inside each other, a label's
// values are members of the last; what there are several of is an array of objects.
//
//   {"events": {"read": 2, "dropped": {"malformed": 0}}, "enrichers": [{"name": "geo"}]}
//
// Metrics whose names begin alike are added one after the other. Times are in seconds, exact to the
// nanosecond.
class StatsWriter {
 public:
  void add(const MetricName& metric, std::uint64_t value);
  void add(const MetricName& metric, Duration value);
  void add(const MetricName& metric, double value);
  void add(const MetricName& metric, std::string_view text);
  // It has no value: null.
  void add_none(const MetricName& metric);
  // Of a metric with a label.
  void add(const MetricName& metric, std::string_view label, std::uint64_t value);
  void add_quantiles(const MetricName& metric, const Histogram& histogram);
  // sum / wall; none where nothing was timed.
  void add_ratio(const MetricName& metric, Duration over, Duration under);

  // The rows of an array, `fill` for each; in it, names that begin with `array` are added.
  void add_rows(std::string_view array, std::size_t count,
                const std::function<void(std::size_t)>& fill);

  // The whole document, with a line end. The writer is empty then.
  std::string take();

 private:
  // Opens and closes objects until the member of that name can be written, and writes its key.
  void begin(std::string_view name, std::string_view label = {});
  void key(std::string_view name);
  void value(std::string_view json);
  void value_seconds(Duration value);
  void close_to(std::size_t depth);

  std::string text_ = "{";
  std::vector<std::string> open_;  // names of the objects that are open
  std::string_view array_;         // whose row is open
  bool first_ = true;              // nothing stands in the innermost object yet
};

}  // namespace logbraid
