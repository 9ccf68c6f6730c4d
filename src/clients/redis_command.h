#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logbraid {

// Commands as Redis reads them (RESP2): so many arguments, each behind its length. Whatever bytes
// an argument has, it stays one argument.
//
//   append_command(out, 2);
//   append_argument(out, "GET");
//   append_argument(out, key);

void append_command(std::string& out, std::size_t arguments);
// One argument of two parts: a prefix and a key.
void append_argument(std::string& out, std::string_view first, std::string_view second = {});

}  // namespace logbraid
