#pragma once

#include <cstddef>
#include <cstdint>

namespace logbraid::bench {

// Asks a DNS server of this machine for the A records of u0.people.example, u1.people.example ...,
// so many at once over one socket: packets by hand, no names checked, no timeouts, no retries. An
// answer that has no record, or that does not come, ends the program.
//
// Questions a second.
double ask_bare_questions(std::uint16_t port, std::size_t questions, std::size_t at_once);

}  // namespace logbraid::bench
