// JsonReader against a second parser, and against itself: what a line gives must not depend on its
// neighbours.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "format/json_reader.h"
#include "format/lines.h"
#include "tests/support/json_agreement.h"
#include "tests/support/reading.h"

namespace {

using namespace logbraid;

void demand(bool holds, std::string_view what, std::string_view line) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\nin: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(line.size()), line.data());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static test::Reading<JsonReader> together;
  static test::Reading<JsonReader> alone;
  // No byte order mark is skipped: the second parser knows none.
  together.batch().sequence = 1;
  alone.batch().sequence = 1;

  const auto& records = together(text);
  auto record = records.begin();
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank_line(line)) continue;
    demand(record != records.end(), "a line is missing", line);
    demand(record->line == line, "another line", line);
    demand(record->malformed() || record->event.json().size() <= line.size(), "no object", line);
    const std::string why = test::disagreement(*record);
    demand(why.empty(), why, line);
    // With a line end: the line itself may end in '\r'.
    const auto& same = alone(std::string(line) + "\r\n");
    demand(same.size() == 1 && test::describe(same[0]) == test::describe(*record),
           "a neighbour changes it", line);
    for (const Field& field : record->event.fields()) {
      demand(is_utf8(field.key_text()) && is_utf8(field.raw_text()), "not UTF-8", line);
    }
    ++record;
  }
  demand(record == records.end(), "a line too many", text);
  return 0;
}
