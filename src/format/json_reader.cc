#include "format/json_reader.h"

#include <algorithm>

#include "format/lines.h"

namespace logbraid {
namespace {

// Bytes that are indexed at once, rounded up to whole lines. Small enough for text and index to
// stay in the nearest cache, and for a line that spoils the index of all to cost little.
constexpr std::size_t kBlock = 8 * 1024;

// Why the index refused a line.
void add_unindexable(Batch& batch, std::string_view line) {
  if (!is_utf8(line)) return add_not_utf8(batch, line);
  std::size_t opened = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      in_string = !in_string;
      opened = i;
    }
    if (in_string && i < line.size() && static_cast<unsigned char>(line[i]) < 0x20) {
      return add_malformed_at(batch, line, i, "a control character in a string");
    }
  }
  add_malformed_at(batch, line, opened, "a string without closing quote");
}

// The end of the line that `at` is in, behind its '\n'.
const char* behind_line(const char* at, const char* end) {
  const char* const stop = end_of_line(at, end);
  return stop == end ? end : stop + 1;
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

// The start of the last line.
const char* last_line(std::string_view lines) {
  const std::size_t before = lines.substr(0, lines.size() - 1).rfind('\n');
  return lines.data() + (before == std::string_view::npos ? 0 : before + 1);
}

}  // namespace

JsonReader::JsonReader() = default;

void JsonReader::read(Batch& batch) {
  const std::string_view text = text_behind_bom(batch);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const auto left = static_cast<std::size_t>(end - at);
    const char* const stop = left <= kBlock ? end : behind_line(at + kBlock, end);
    read_lines(batch, between(at, stop));
    at = stop;
  }
}

// Reads whole lines. A line that has no index (an open string flips all that follows) is found by
// halving, so that it harms no other and the others are indexed together.
void JsonReader::read_lines(Batch& batch, std::string_view lines) {
  const char* const begin = lines.data();
  const char* const end = begin + lines.size();
  // Only a block's last line can be over the limit; it is not worth an index.
  if (lines.size() > kMaxLine) [[unlikely]] {
    const char* const last = last_line(lines);
    const std::string_view line = line_text(last, end_of_line(last, end));
    if (line.size() > kMaxLine) {
      if (last != begin) read_lines(batch, between(begin, last));
      if (!is_blank_line(line)) add_too_long(batch, line);
      return;
    }
  }
  if (index_.build(lines)) return walk_lines(batch, lines);
  const char* middle = behind_line(begin + lines.size() / 2, end);
  if (middle == end) middle = last_line(lines);
  if (middle == begin) return add_unindexable(batch, line_text(begin, end_of_line(begin, end)));
  read_lines(batch, between(begin, middle));
  read_lines(batch, between(middle, end));
}

void JsonReader::walk_lines(Batch& batch, std::string_view lines) {
  const char* line = lines.data();
  const char* const end = line + lines.size();
  walk_.start(lines, index_);
  while (const char* const next = walk_.next()) {
    const char* const stop = end_of_line(line, end);
    const std::string_view text = line_text(line, stop);
    const char* const text_end = text.data() + text.size();
    if (next < text_end) {
      if (walk_.object(text_end, batch.arena())) {
        const std::span<const Field> found = walk_.fields();
        Field* const fields = batch.arena().allocate_array<Field>(found.size());
        std::copy(found.begin(), found.end(), fields);
        const std::size_t tag_bytes = Event::tag_bytes(found.size());
        auto* const tags = batch.arena().allocate_array<std::uint8_t>(tag_bytes);
        std::copy_n(walk_.key_tags(), tag_bytes, tags);  // of `{}` none, from no memory
        const Event event({fields, found.size()}, walk_.key_mask(), walk_.json(), tags);
        batch.records().push_back({event, text, {}});
      } else {
        add_malformed_at(batch, text, static_cast<std::size_t>(walk_.error_at() - line),
                         walk_.error());
        walk_.skip_to(text_end);
      }
    }
    line = stop + 1;
  }
}

}  // namespace logbraid
