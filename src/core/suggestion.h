#pragma once

#include <span>
#include <string>
#include <string_view>

namespace logbraid {

// The candidate that `name` was most likely meant to be, empty where none is near: at most a third
// of the name wrong (letters changed, left out, added, or two neighbours swapped).
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

// `did you mean "timeout"? allowed: input, output, timeout`, for messages; the question is left out
// where nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace logbraid
