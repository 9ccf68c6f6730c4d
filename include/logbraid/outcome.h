#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logbraid {

// What became of one (event, enricher); exactly one of these. (A late result is a counter.)
enum class Outcome : std::uint8_t {
  ok,
  no_match,
  error,             // returned or thrown
  timeout,           // its deadline, its group's or the event's passed first
  breaker_open,      // not called: its circuit breaker is open
  rejected,          // not called: nowhere to run
  unhealthy,         // not called: its health check fails
  cancelled,         // the run ended first
  condition_false,   // not called: it is off for this event
  dependency_unmet,  // not called: one it requires was not ok
};
inline constexpr std::size_t kOutcomes = 10;

std::string_view to_string(Outcome outcome);

// Whether the event lacks what the enricher should have added: anything but an answer, which may be
// that there is none, and a condition that switched it off.
constexpr bool is_failure(Outcome outcome) {
  return outcome != Outcome::ok && outcome != Outcome::no_match &&
         outcome != Outcome::condition_false;
}

}  // namespace logbraid
