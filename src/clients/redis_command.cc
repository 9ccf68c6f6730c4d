#include "clients/redis_command.h"

#include <charconv>

namespace logbraid {
namespace {

void append_header(std::string& out, char type, std::size_t number) {
  char text[24] = {type};
  char* const end = std::to_chars(text + 1, text + 22, number).ptr;
  end[0] = '\r';
  end[1] = '\n';
  out.append(text, static_cast<std::size_t>(end + 2 - text));
}

}  // namespace

void append_command(std::string& out, std::size_t arguments) { append_header(out, '*', arguments); }

void append_argument(std::string& out, std::string_view first, std::string_view second) {
  append_header(out, '$', first.size() + second.size());
  out += first;
  out += second;
  out += "\r\n";
}

}  // namespace logbraid
