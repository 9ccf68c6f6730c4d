#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/event_view.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "lookup/key_escape.h"

namespace logbraid {

enum class KeyResult : std::uint8_t {
  made,
  missing,  // a field is absent or null, or empty where a key must not be: nothing to look up
  refused,  // a value cannot be (a part of) a key: the event's fault
};

// A text with fields of the event in it: `user:{{user_id}}`, `/users/{{url.query.uid}}`, `{{ip}}`.
// Blanks inside the braces are allowed. `{{{{` stands for two braces as they are; braces that
// follow no `{{` need nothing.
//
// Strings are put in as they are, numbers and booleans as JSON spells them; objects and arrays are
// refused. What a value must not do to the text around it, its KeyEscape keeps it from:
//   url_path     A field may stand behind the template's own `?`: there it is escaped as url_query.
//                None may stand in the authority of a URL, or events would choose the host.
//   json_string  In a template with quotes each field must stand between two of them.
//   dns_label    A value is one label or a part of one; a template that is one field and nothing
//                else takes a whole name. The name that comes out is checked for its lengths.
//
// Threads:  immutable.
// Lifetime: what it gives lives as long as it does.
// Cost:     no allocation once the buffer has grown; a look at each field and a copy of its text.
class KeyTemplate {
 public:
  // A key over this many bytes, or a value that would make it so, is refused.
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::string_view kTooLong = "the key is over 4096 bytes";

  static Result<KeyTemplate> parse(std::string_view text, KeyEscape escape);

  // Appends the text for one event to `out`; leaves it as it was where the result is not `made`.
  // `why`: set where it is `refused`, to a sentence that lives for ever.
  KeyResult render(const EventView& event, std::string& out, std::string_view& why) const;

  // What it reads, in order; a field that stands in it twice is there twice.
  std::span<const FieldPath> fields() const { return fields_; }
  // The field where the template is one field and nothing else, so that a parameter can keep the
  // value's type; null where it is not.
  const FieldPath* whole_field() const { return is_whole_field() ? &fields_.front() : nullptr; }

 private:
  // One before each field, one behind the last.
  struct Literal {
    std::string text;
    KeyEscape escape;  // of the field that follows
  };

  KeyTemplate() = default;
  bool is_whole_field() const {
    return fields_.size() == 1 && literals_.front().text.empty() && literals_.back().text.empty();
  }
  // Whether no value can become more than a value where the fields stand.
  Result<void> check_surroundings() const;
  Result<void> check_url() const;
  Result<void> check_json() const;
  Result<void> check_dns() const;

  std::vector<Literal> literals_;
  std::vector<FieldPath> fields_;
  KeyEscape escape_ = KeyEscape::none;
};

}  // namespace logbraid
