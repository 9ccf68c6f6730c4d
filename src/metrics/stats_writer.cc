#include "metrics/stats_writer.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/json_text.h"

namespace logbraid {
namespace {

constexpr std::pair<std::string_view, double> kQuantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

}  // namespace

void StatsWriter::add(const MetricName& metric, std::uint64_t number) {
  begin(metric.name);
  value(std::to_string(number));
}

void StatsWriter::add(const MetricName& metric, Duration duration) {
  begin(metric.name);
  value_seconds(duration);
}

void StatsWriter::add(const MetricName& metric, double number) {
  begin(metric.name);
  value(fmt::format("{:.4g}", number));
}

void StatsWriter::add(const MetricName& metric, std::string_view text) {
  begin(metric.name);
  std::string valid;  // an error's text may hold any bytes
  append_valid_utf8(valid, text);
  append_json_string(text_, valid);
}

void StatsWriter::add_none(const MetricName& metric) {
  begin(metric.name);
  value("null");
}

void StatsWriter::add(const MetricName& metric, std::string_view label, std::uint64_t number) {
  begin(metric.name, label);
  value(std::to_string(number));
}

void StatsWriter::add_quantiles(const MetricName& metric, const Histogram& histogram) {
  for (const auto& [label, share] : kQuantiles) {
    begin(metric.name, label);
    if (histogram.count() == 0) {
      value("null");
    } else {
      value_seconds(histogram.quantile(share));
    }
  }
}

void StatsWriter::add_ratio(const MetricName& metric, Duration over, Duration under) {
  if (under <= Duration::zero()) return add_none(metric);
  add(metric, static_cast<double>(over.count()) / static_cast<double>(under.count()));
}

void StatsWriter::add_rows(std::string_view array, std::size_t count,
                           const std::function<void(std::size_t)>& fill) {
  close_to(0);
  key(array);
  text_ += '[';
  array_ = array;
  for (std::size_t i = 0; i < count; ++i) {
    text_ += i == 0 ? "{" : ", {";
    first_ = true;
    fill(i);
    close_to(0);
    text_ += '}';
  }
  text_ += ']';
  array_ = {};
  first_ = false;
}

std::string StatsWriter::take() {
  close_to(0);
  text_ += "}\n";
  first_ = true;
  return std::exchange(text_, "{");
}

void StatsWriter::begin(std::string_view name, std::string_view label) {
  if (!array_.empty()) name.remove_prefix(array_.size() + 1);
  std::size_t depth = 0;
  for (std::size_t dot; (dot = name.find('.')) != std::string_view::npos; ++depth) {
    const std::string_view part = name.substr(0, dot);
    name.remove_prefix(dot + 1);
    if (depth < open_.size() && open_[depth] == part) continue;
    close_to(depth);
    key(part);
    text_ += '{';
    open_.emplace_back(part);
    first_ = true;
  }
  if (label.empty()) {
    close_to(depth);
    key(name);
    return;
  }
  if (depth == open_.size() || open_[depth] != name) {
    close_to(depth);
    key(name);
    text_ += '{';
    open_.emplace_back(name);
    first_ = true;
  }
  key(label);
}

void StatsWriter::key(std::string_view name) {
  if (!std::exchange(first_, false)) text_ += ", ";
  append_json_string(text_, name);
  text_ += ": ";
}

void StatsWriter::value(std::string_view json) { text_ += json; }

void StatsWriter::value_seconds(Duration duration) {
  constexpr Duration::rep kSecond = Duration(std::chrono::seconds(1)).count();
  const Duration::rep ns = duration.count();
  // All we measure is positive, but for what a caller's clock may do.
  const std::uint64_t size =
      ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  text_ += fmt::format("{}{}.{:09}", ns < 0 ? "-" : "", size / kSecond, size % kSecond);
}

void StatsWriter::close_to(std::size_t depth) {
  while (open_.size() > depth) {
    text_ += '}';
    open_.pop_back();
    first_ = false;
  }
}

}  // namespace logbraid
