// CombinedReader: whatever the bytes are, each line gives one record, its fields are UTF-8, numbers
// are JSON, and reading it again, alone, gives the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "format/combined_reader.h"
#include "format/lines.h"
#include "format/structural_index.h"
#include "tests/support/reading.h"

namespace {

using namespace logbraid;

void demand(bool holds, std::string_view what, std::string_view line) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\nin: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(line.size()), line.data());
  std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> not_behind;
  return not_behind(whole.data(), part.data()) &&
         not_behind(part.data() + part.size(), whole.data() + whole.size());
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
         (text.size() == 1 || text.front() != '0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static test::Reading<CombinedReader> together;
  static test::Reading<CombinedReader> alone;
  together.batch().sequence = 1;
  alone.batch().sequence = 1;

  const auto& records = together(text);
  auto record = records.begin();
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank_line(line)) continue;
    demand(record != records.end() && record->line == line, "a line is missing", line);
    for (const Field& field : record->event.fields()) {
      const std::string_view raw = field.raw_text();
      demand(is_utf8(raw), "not UTF-8", line);
      demand(field.token == Token::text || is_number(raw), "no number", line);
      // Only what is decoded or made stands elsewhere, and that is made of the line's bytes.
      const bool made =
          field.key_text() == "timestamp" || record->malformed() || line.find('\\') != line.npos;
      demand(made || lies_in(raw, record->line), "a span outside its line", line);
    }
    // With a line end: the line itself may end in '\r'.
    const auto& same = alone(std::string(line) + "\r\n");
    demand(same.size() == 1 && test::describe(same[0]) == test::describe(*record),
           "a neighbour changes it", line);
    ++record;
  }
  demand(record == records.end(), "a line too many", text);
  return 0;
}
