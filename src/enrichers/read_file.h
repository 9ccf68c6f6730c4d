#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid {

// Gives the bytes of a regular file to `take`, a piece at a time. Errors name the file: it cannot
// be read, is a directory, a pipe or a device, is over `max_bytes`, or `take` gave a reason.
Result<void> read_file(const std::string& path, std::uint64_t max_bytes,
                       const std::function<std::optional<std::string>(std::string_view)>& take);

// The same into one string.
Result<std::string> read_file(const std::string& path, std::uint64_t max_bytes);

}  // namespace logbraid
