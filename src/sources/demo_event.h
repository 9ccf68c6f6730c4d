#pragma once

#include <cstdint>
#include <string>

namespace logbraid {

// Appends the event of that index as a line of JSON: a request to an invented web shop. The same
// seed and index make the same bytes on every machine.
void append_demo_event(std::string& out, std::uint64_t seed, std::uint64_t index);

}  // namespace logbraid
