// What holds for each reader of lines: a line gives one record, and its neighbours change nothing.
#pragma once

#include <string>
#include <string_view>

#include "core/batch.h"
#include "format/lines.h"
#include "tests/fuzz/demand.h"
#include "tests/support/reading.h"

namespace logbraid::test {

// Reads the text as one batch and each of its lines again, alone. `check` is called with each
// record.
template <class Reader, class Check>
void read_line_by_line(std::string_view text, const Check& check) {
  static Reading<Reader> together;
  static Reading<Reader> alone;
  // No byte order mark is skipped, which the first batch of a source may begin with.
  together.batch().sequence = 1;
  alone.batch().sequence = 1;

  const auto& records = together(text);
  auto record = records.begin();
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank_line(line)) continue;
    demand(record != records.end(), "a line is missing", line);
    demand(record->line == line, "another line", line);
    check(*record);
    // With a line end: the line itself may end in '\r'.
    const auto& same = alone(std::string(line) + "\r\n");
    demand(same.size() == 1 && describe(same[0]) == describe(*record), "a neighbour changes it",
           line);
    ++record;
  }
  demand(record == records.end(), "a line too many", text);
}

}  // namespace logbraid::test
