#include "format/text_reader.h"

#include "format/lines.h"
#include "format/structural_index.h"

namespace logbraid {
namespace {

constexpr std::string_view kMessage = "message";

void add_message(Batch& batch, std::string_view line) {
  Field* const field = batch.arena().allocate_array<Field>(1);
  *field = {kMessage.data(),
            line.data(),
            static_cast<std::uint32_t>(kMessage.size()),
            static_cast<std::uint32_t>(line.size()),
            Token::text,
            false,
            false};
  batch.records().push_back({Event({field, 1}, key_bit(kMessage), {}), line, {}});
}

}  // namespace

void TextReader::read(Batch& batch) {
  const std::string_view text = text_behind_bom(batch);
  const bool all_utf8 = is_utf8(text);
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    if (is_blank_line(line)) continue;
    if (line.size() > kMaxLine) {
      add_too_long(batch, line);
    } else if (!all_utf8 && !is_utf8(line)) {
      add_not_utf8(batch, line);
    } else {
      add_message(batch, line);
    }
  }
}

}  // namespace logbraid
