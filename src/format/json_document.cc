#include "format/json_document.h"

#include <algorithm>

#include "format/json_walk.h"
#include "format/structural_index.h"

namespace logbraid {
namespace {

// The walk reads objects: the text becomes the value of one member.
constexpr std::string_view kBefore = "{\"\":";
constexpr std::string_view kBehind = "}";

}  // namespace

JsonDocument::JsonDocument()
    : index_(std::make_unique<StructuralIndex>()), walk_(std::make_unique<JsonWalk>()) {}
JsonDocument::~JsonDocument() = default;

bool JsonDocument::fail(const char* at, std::string_view why) {
  const auto offset = static_cast<std::size_t>(at - text_.data());
  error_ = "byte " + std::to_string(offset < kBefore.size() ? 1 : offset - kBefore.size() + 1);
  error_ += ": ";
  error_ += why;
  return false;
}

bool JsonDocument::read(std::string_view text) {
  arena_.reset();
  json_ = {};
  text_.assign(kBefore);
  text_ += text;
  text_ += kBehind;
  const std::size_t size = text_.size();
  text_.append(Batch::kPadding, '\0');

  const std::string_view whole(text_.data(), size);
  if (!index_->build(whole)) {
    error_ = is_utf8(text) ? "a string that is open or holds a control character" : "not UTF-8";
    return false;
  }
  walk_->start(whole, *index_);
  if (!walk_->object(whole.data() + size, arena_)) return fail(walk_->error_at(), walk_->error());
  // `1,"x":2` and `1}` are members and ends of the object around the text, not of the text.
  if (walk_->fields().size() != 1) return fail(walk_->fields()[1].key, "more behind the value");
  const Field& value = walk_->fields().front();
  json_ = value.token == Token::string ? std::string_view(value.raw - 1, value.raw_size + 2)
                                       : value.raw_text();
  const auto begin = text_.begin() + (json_.data() - text_.data());
  std::replace_if(
      begin, begin + static_cast<std::ptrdiff_t>(json_.size()),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return true;
}

}  // namespace logbraid
