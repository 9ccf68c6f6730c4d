#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "logbraid/result.h"

namespace logbraid {

// Where `${...}` in a configuration gets its values from. The library reads no environment: the
// caller gives the look-ups.
struct References {
  // The variable of that name. Unset: there are none.
  std::function<std::optional<std::string>(std::string_view)> environment;
  // The content of a secret file. Unset: secret files are refused.
  std::function<Result<std::string>(const std::string&)> read_file;
};

struct Expansion {
  std::string text;
  bool changed = false;  // something was replaced
  bool secret = false;   // some of it came from a file
};

// Replaces in `text`, once and not again in what was put in:
//   ${NAME}            the variable; unset is an error
//   ${NAME:-default}   the same, `default` where it is unset or empty
//   ${file:/run/x}     the content of the file without the newline at its end
//   $${                a literal ${
Result<Expansion> expand_references(std::string_view text, const References& references);

// The content of a small file that holds a secret: at most 64 KiB of UTF-8, without the newline at
// its end. For References::read_file.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace logbraid
