#pragma once

#include <cstddef>
#include <string>

#include "logbraid/result.h"

namespace logbraid {

// The whole of a file of at most `most` bytes.
// Errors: no such file, a folder, not readable, too large.
Result<std::string> read_text_file(const std::string& path, std::size_t most);

// What keeps `text` from being text: bytes that are no UTF-8, NUL and other control characters.
// Error::line says where.
Result<void> check_text(std::string_view text);

}  // namespace logbraid
