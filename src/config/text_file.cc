#include "config/text_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "core/json_text.h"

namespace logbraid {
namespace {

int line_of(std::string_view text, std::size_t offset) {
  return 1 +
         static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n'));
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t most) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found) return Error("no such file");
  if (code) return Error("cannot be read: " + code.message());
  if (std::filesystem::is_directory(status)) return Error("is a folder, not a file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Error("cannot be read: " + std::error_code(errno, std::generic_category()).message());
  }
  // Not by its size, which pipes (a shell's <(...)) do not have.
  std::string text;
  char buffer[64 * 1024];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > most) return Error("is larger than " + std::to_string(most) + " bytes");
  }
  if (in.bad()) return Error("cannot be read to its end");
  return text;
}

Result<void> check_text(std::string_view text) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid != text.size()) {
    Error error("is not UTF-8; save it in that encoding");
    error.line = line_of(text, valid);
    return error;
  }
  const auto control = std::find_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  });
  if (control != text.end()) {
    Error error("has a control character (byte " +
                std::to_string(static_cast<unsigned char>(*control)) +
                "); write it as an escape in double quotes, like \"\\e\"");
    error.line = line_of(text, static_cast<std::size_t>(control - text.begin()));
    return error;
  }
  return {};
}

}  // namespace logbraid
