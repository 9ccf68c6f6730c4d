#include "cli/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace logbraid::cli {
namespace {

// Three digits that count: 1.42, 14.2, 142.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string duration_text(Duration duration) {
  const double ns = static_cast<double>(duration.count());
  if (ns < 999.5) return fmt::format("{:.0f} ns", ns);
  if (ns < 999.5e3) return three_digits(ns / 1e3) + " us";
  if (ns < 999.5e6) return three_digits(ns / 1e6) + " ms";
  if (ns < 59.95e9) return three_digits(ns / 1e9) + " s";
  const auto seconds = static_cast<std::uint64_t>(std::llround(ns / 1e9));
  if (seconds < 3600) return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02} h", seconds / 3600, seconds % 3600 / 60);
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return three_digits(value) + " " + kUnits[unit];
}

std::string rate_text(std::uint64_t count, Duration time) {
  if (time <= Duration::zero()) return "-";
  const double seconds = std::chrono::duration<double>(time).count();
  return count_text(static_cast<std::uint64_t>(std::llround(static_cast<double>(count) / seconds)));
}

}  // namespace logbraid::cli
