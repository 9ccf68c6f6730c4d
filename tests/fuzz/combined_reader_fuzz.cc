// CombinedReader: whatever the bytes are, each line gives one record, its fields are UTF-8, numbers
// are JSON, and reading it again, alone, gives the same.
#include <cstdint>
#include <functional>
#include <string_view>

#include "format/combined_reader.h"
#include "format/structural_index.h"
#include "tests/fuzz/demand.h"
#include "tests/fuzz/line_by_line.h"

namespace {

using namespace logbraid;
using test::demand;

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
  test::read_line_by_line<CombinedReader>(text, [](const Record& record) {
    const std::string_view line = record.line;
    for (const Field& field : record.event.fields()) {
      const std::string_view raw = field.raw_text();
      demand(is_utf8(raw), "not UTF-8", line);
      demand(field.token == Token::text || is_number(raw), "no number", line);
      // Only what is decoded or made stands elsewhere, and that is made of the line's bytes.
      const bool made =
          field.key_text() == "timestamp" || record.malformed() || line.find('\\') != line.npos;
      demand(made || lies_in(raw, line), "a span outside its line", line);
    }
  });
  return 0;
}
