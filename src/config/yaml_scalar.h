#pragma once

#include <string_view>

#include "logbraid/setting.h"

namespace logbraid {

// What a plain scalar is in YAML 1.2's core schema: null, true and false, integers (also 0x and
// 0o), reals, else text. `yes`, `on` and 1:30 are text. Numbers keep their spelling; integers
// beyond 64 bits are reals.
Setting plain_scalar(std::string_view text);

// Whether `text`, written plain, would be read as that same text.
bool reads_as_text(std::string_view text);

}  // namespace logbraid
