#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logbraid/plan.h"

namespace logbraid {

// For a terminal or a picture: valid UTF-8 without control characters.
std::string clean(std::string_view text);
// As people count them; combining ones are not looked after.
std::size_t characters(std::string_view utf8);
// "geoip", or "function" where there is no kind.
std::string kind_text(const PlanNode& node);
// The colours of the four placements, dark enough on white and light enough behind black text.
std::string_view fill_of(Placement placement);
std::string_view stroke_of(Placement placement);

}  // namespace logbraid
