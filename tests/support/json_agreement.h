// Compares what JsonReader made of one line with a second parser.
#pragma once

#include <string>

#include "core/batch.h"
#include "core/json_text.h"
#include "tests/support/second_json_parser.h"

namespace logbraid::test {

// "" where both agree on the line and on all of its fields, or the second parser has no opinion;
// else what they disagree about. The line must not be blank.
inline std::string disagreement(const Record& record) {
  if (record.line.size() > Reader::kMaxLine) {
    return record.malformed() ? "" : "a line over the limit is accepted";
  }
  const SecondReading second = read_with_second_parser(record.line);
  if (second.opinion == SecondOpinion::none) return "";
  if (second.opinion == SecondOpinion::invalid)
    return record.malformed() ? "" : "accepted by us alone";
  if (record.malformed()) return "refused by us alone: " + std::string(record.parse_error);

  const auto fields = record.event.fields();
  if (fields.size() != second.members.size()) return "another number of fields";
  Arena arena;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    const SecondReading::Member& member = second.members[i];
    const std::string where = "field " + std::to_string(i) + ": ";
    if (unescape_json(field.key_text(), arena) != member.key) return where + "another key";
    if (!json_equals(field.key_text(), member.key)) return where + "json_equals says no";
    if (field.key_escaped != (field.key_text().find('\\') != std::string_view::npos)) {
      return where + "the key's escape flag is wrong";
    }
    if ((record.event.key_mask() & key_bit(member.key)) == 0) return where + "not in the mask";
    if (field.token != member.token) return where + "another kind";
    const std::string raw(field.raw_text());
    switch (field.token) {
      case Token::string:
        if (unescape_json(raw, arena) != member.text) return where + "another string";
        if (field.raw_escaped != (raw.find('\\') != std::string::npos)) {
          return where + "the escape flag is wrong";
        }
        break;
      case Token::number:
        if (raw != member.text) return where + "another number";
        break;
      case Token::object:
      case Token::array:
        if (read_with_second_parser("{\"x\":" + raw + "}").members.size() != 1) {
          return where + "the span is no JSON";
        }
        break;
      case Token::null:
        if (raw != "null") return where + "another literal";
        break;
      case Token::boolean:
        if (raw != "true" && raw != "false") return where + "another literal";
        break;
      case Token::text:
        return where + "JSON has no such token";
    }
  }
  return "";
}

}  // namespace logbraid::test
