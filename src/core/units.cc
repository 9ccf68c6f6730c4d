#include "core/units.h"

#include <charconv>
#include <cmath>

namespace logbraid {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kDurations[] = {{"ns", 1},   {"us", 1e3},    {"ms", 1e6}, {"s", 1e9},
                               {"m", 60e9}, {"h", 3'600e9}, {"", 1e9}};
constexpr Unit kBytes[] = {
    {"B", 1},      {"kB", 1e3},         {"KB", 1e3},         {"MB", 1e6},
    {"GB", 1e9},   {"TB", 1e12},        {"KiB", 1024},       {"MiB", 1024. * 1024},
    {"kiB", 1024}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}, {"", 1}};

// The number in front times its unit; nullopt where either is none.
template <std::size_t N>
std::optional<double> scaled(std::string_view text, const Unit (&units)[N]) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
  if (code != std::errc() || !std::isfinite(number)) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : units) {
    if (known.name == unit) return number * known.factor;
  }
  return std::nullopt;
}

std::optional<Duration> duration_from_nanoseconds(double nanoseconds) {
  const auto longest = static_cast<double>(kLongestDuration.count());
  if (!(nanoseconds >= 0) || nanoseconds > longest) return std::nullopt;
  return Duration(std::llround(nanoseconds));
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto nanoseconds = scaled(text, kDurations);
  return nanoseconds ? duration_from_nanoseconds(*nanoseconds) : std::nullopt;
}

std::optional<Duration> duration_from_seconds(double seconds) {
  return duration_from_nanoseconds(seconds * 1e9);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = scaled(text, kBytes);
  // 2^53: up to there a double counts single bytes.
  if (!bytes || *bytes > 9'007'199'254'740'992.0) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::string spell_duration(Duration duration) {
  return spell_number(std::chrono::duration<double>(duration).count()) + "s";
}

std::string spell_number(double value) {
  char buffer[32];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return code == std::errc() ? std::string(buffer, end) : std::string();
}

}  // namespace logbraid
