#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logbraid {

// Text from outside as it may be shown: control characters and bytes that are no UTF-8 as \x1b, at
// most `most` characters and then "...". Line ends stay with `keep_lines`.
std::string printable(std::string_view text, std::size_t most, bool keep_lines = false);

}  // namespace logbraid
