#pragma once

#include <span>
#include <string>
#include <string_view>

#include "logbraid/patch.h"

namespace logbraid {

// What steps that all set come to in an event that has none of their fields, as JSON without the
// braces. Empty where one of them replaces another's value: that is counted event by event.
std::string added_json(std::span<const PatchOp> ops);

// The steps as patches take them; `json` is their added_json(), or empty. All is referred to.
ConstantSteps constant_steps(std::span<const PatchOp> ops, std::string_view json);

}  // namespace logbraid
