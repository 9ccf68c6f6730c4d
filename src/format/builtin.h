#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "format/reader.h"

namespace logbraid {

// A format by its name: what a configuration's `format:` and `logbraid list formats` know.
struct FormatKind {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view help;     // the fields it gives and what it refuses
  bool output;               // can be written as well
  std::unique_ptr<Reader> (*make_reader)();

  bool input() const { return make_reader != nullptr; }
};

// All formats, in the order in which they are shown.
std::span<const FormatKind> builtin_formats();

// Null where there is no such format, or none that can be read.
std::unique_ptr<Reader> make_reader(std::string_view format);

}  // namespace logbraid
