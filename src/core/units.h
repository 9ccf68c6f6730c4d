#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "logbraid/clock.h"

namespace logbraid {

// Over a century: what is longer is a slip, and a deadline of now + 292 years would overflow.
inline constexpr Duration kLongestDuration = std::chrono::hours(1'000'000);

// "250ms", "1.5s", "2m", "1h", "10us", "5ns"; without a unit: seconds. nullopt where the text is no
// duration, negative, or over kLongestDuration.
std::optional<Duration> parse_duration(std::string_view text);
std::optional<Duration> duration_from_seconds(double seconds);

// "64MiB", "1kB", "512"; without a unit: bytes. Powers of 1024 with an i, of 1000 without.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// In seconds: "0.25s", "10s".
std::string spell_duration(Duration duration);

// The shortest text that reads back as this double: 0.5, 1000, 1e+300, nan, inf.
std::string spell_number(double value);

}  // namespace logbraid
