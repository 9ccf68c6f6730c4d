#include "plan/explain_names.h"

#include <algorithm>

#include "core/json_text.h"

namespace logbraid {

std::string clean(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  std::string result;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto c = static_cast<unsigned char>(valid[i]);
    // C1 controls are two bytes, C2 80 to C2 9F; terminals obey them too.
    const bool is_c1 = c == 0xc2 && static_cast<unsigned char>(valid[i + 1]) < 0xa0;
    if (is_c1) ++i;
    if (is_c1 || c < 0x20 || c == 0x7f) {
      result += "\xef\xbf\xbd";
    } else {
      result += valid[i];
    }
  }
  return result;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string kind_text(const PlanNode& node) {
  return node.kind.empty() ? "function" : clean(node.kind);
}

std::string_view fill_of(Placement placement) {
  switch (placement) {
    case Placement::inline_:
      return "#e3f1e6";
    case Placement::pool:
      return "#fdeccf";
    case Placement::async:
      return "#e1ebfb";
    case Placement::automatic:
      return "#f1e8f7";
  }
  return "#eeeeee";
}

std::string_view stroke_of(Placement placement) {
  switch (placement) {
    case Placement::inline_:
      return "#3a8f55";
    case Placement::pool:
      return "#c07a12";
    case Placement::async:
      return "#2f6bc4";
    case Placement::automatic:
      return "#8a55ad";
  }
  return "#777777";
}

}  // namespace logbraid
