// JsonReader against a second parser, and against itself: what a line gives must not depend on its
// neighbours.
#include <cstdint>
#include <string>
#include <string_view>

#include "format/json_reader.h"
#include "format/structural_index.h"
#include "tests/fuzz/demand.h"
#include "tests/fuzz/line_by_line.h"
#include "tests/support/json_agreement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace logbraid;
  using test::demand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  test::read_line_by_line<JsonReader>(text, [](const Record& record) {
    const std::string_view line = record.line;
    demand(record.malformed() || record.event.json().size() <= line.size(), "no object", line);
    const std::string why = test::disagreement(record);
    demand(why.empty(), why, line);
    for (const Field& field : record.event.fields()) {
      demand(is_utf8(field.key_text()) && is_utf8(field.raw_text()), "not UTF-8", line);
    }
  });
  return 0;
}
