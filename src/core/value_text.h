#pragma once

#include <array>
#include <string_view>

#include "logbraid/value.h"

namespace logbraid {

// Room for the spelling of any number.
using ValueTextBuffer = std::array<char, 32>;

// A value as text: strings as they are, numbers and booleans as JSON spells them (numbers that kept
// their spelling keep it), objects and arrays as their JSON text. Absent, null and what JSON cannot
// spell (NaN) have no text. The text is a view of the value's own bytes, of a literal, or of
// `buffer`.
std::string_view value_text(const Value& value, ValueTextBuffer& buffer);

// `text` as the type it looks like: true, false, a number as JSON spells it (integers over 64 bits
// and reals keep their spelling), else a string. A view of `text`.
Value typed_value(std::string_view text);

}  // namespace logbraid
