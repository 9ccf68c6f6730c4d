#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_text.h"
#include "logbraid/event.h"
#include "logbraid/event_view.h"

namespace logbraid::test {

// An event over a JSON text of plain keys.
class TextEvent {
 public:
  explicit TextEvent(std::string text) : text_(std::move(text)) {
    for (ObjectWalk walk(text_); walk.next();) {
      const std::string_view value = walk.value();
      Token token = Token::number;
      switch (value.front()) {
        case '"':
          token = Token::string;
          break;
        case '[':
          token = Token::array;
          break;
        case '{':
          token = Token::object;
          break;
        case 't':
        case 'f':
          token = Token::boolean;
          break;
        case 'n':
          token = Token::null;
          break;
      }
      const std::string_view raw =
          token == Token::string ? value.substr(1, value.size() - 2) : value;
      fields_.push_back({walk.raw_key().data(), raw.data(),
                         static_cast<std::uint32_t>(walk.raw_key().size()),
                         static_cast<std::uint32_t>(raw.size()), token, walk.key_escaped(),
                         raw.find('\\') != std::string_view::npos});
      mask_ |= key_bit(walk.raw_key());
    }
    event_ = Event(fields_, mask_, text_);
  }
  EventView view() { return {event_, arena_}; }

 private:
  std::string text_;
  std::vector<Field> fields_;
  std::uint64_t mask_ = 0;
  Event event_;
  Arena arena_;
};

}  // namespace logbraid::test
