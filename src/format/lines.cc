#include "format/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include "core/json_text.h"
#include "format/reader.h"
#include "format/structural_index.h"

namespace logbraid {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kMessage = "message";
constexpr std::string_view kParseError = "parse_error";

Field text_field(std::string_view key, std::string_view text) {
  return {key.data(),
          text.data(),
          static_cast<std::uint32_t>(key.size()),
          static_cast<std::uint32_t>(text.size()),
          Token::text,
          false,
          false};
}

// `text` cut to at most `size` bytes, not within a character.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

std::string_view message_of(std::string_view line, Arena& arena) {
  // A character that the limit would cut is kept whole here, for cut() to take away whole.
  constexpr std::size_t kLongestCharacter = 4;
  const std::string_view looked_at = line.substr(0, Reader::kMaxLine + kLongestCharacter);
  if (is_utf8(looked_at)) return cut(looked_at, Reader::kMaxLine);
  std::string cleaned;
  append_valid_utf8(cleaned, looked_at);
  return arena.copy(cut(cleaned, Reader::kMaxLine));
}

}  // namespace

std::uint64_t count_line_ends(std::string_view text) {
  // std::count widens each byte to a 64-bit sum before it adds it up: most of the intake's time.
  // Here each lane counts in a byte, as long as that cannot run over.
  using Bytes = unsigned char __attribute__((vector_size(16)));
  constexpr std::size_t kMost = 255;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t count = 0;
  while (left >= sizeof(Bytes)) {
    const std::size_t steps = std::min(left / sizeof(Bytes), kMost);
    Bytes sums = {};
    for (std::size_t i = 0; i < steps; ++i) {
      Bytes bytes;
      std::memcpy(&bytes, at + i * sizeof(Bytes), sizeof(Bytes));
      sums -= bytes == '\n';  // true is -1
    }
    for (std::size_t lane = 0; lane < sizeof(Bytes); ++lane) count += sums[lane];
    at += steps * sizeof(Bytes);
    left -= steps * sizeof(Bytes);
  }
  return count + static_cast<std::uint64_t>(std::count(at, at + left, '\n'));
}

std::string_view text_behind_bom(const Batch& batch) {
  std::string_view text = batch.text();
  if (batch.sequence == 0 && text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text;
}

void add_malformed(Batch& batch, std::string_view line, std::string_view reason) {
  Field* const fields = batch.arena().allocate_array<Field>(2);
  fields[0] = text_field(kMessage, message_of(line, batch.arena()));
  fields[1] = text_field(kParseError, reason);
  const Event event({fields, 2}, key_bit(kMessage) | key_bit(kParseError), {});
  batch.records().push_back({event, line, reason});
}

void add_malformed_at(Batch& batch, std::string_view line, std::size_t offset,
                      std::string_view what) {
  fmt::memory_buffer reason;
  fmt::format_to(std::back_inserter(reason), "byte {}: {}", offset + 1, what);
  add_malformed(batch, line, batch.arena().copy({reason.data(), reason.size()}));
}

void add_too_long(Batch& batch, std::string_view line) {
  static const std::string reason =
      fmt::format("the line has more than {} bytes", Reader::kMaxLine);
  add_malformed(batch, line, reason);
}

void add_not_utf8(Batch& batch, std::string_view line) {
  add_malformed_at(batch, line, valid_utf8_prefix(line), "not UTF-8");
}

}  // namespace logbraid
