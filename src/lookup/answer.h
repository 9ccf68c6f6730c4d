#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "logbraid/patch.h"
#include "logbraid/path.h"
#include "logbraid/value.h"

namespace logbraid {

// The answer for one key as bytes, as it stands in a cache: values, each with the number of the
// field that it is for. A header of eight bytes and the value's own, nothing else.
//
// Threads: as for any const object; writing: one.

// Appends to `answer`. Absent values are left out. `field`: an index into the enricher's list.
void append_answer(std::string& answer, std::uint16_t field, const Value& value);

// Sets the fields in the patch. The bytes are copied; `fields` must outlive the batch. A field that
// is empty stands for the event itself: an object's members are set, an array's paths removed.
void apply_answer(std::string_view answer, std::span<const FieldPath> fields, Patch& patch);

}  // namespace logbraid
