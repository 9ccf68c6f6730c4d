#include "lookup/key_template.h"

#include <algorithm>
#include <utility>

#include "core/json_text.h"
#include "core/value_text.h"

namespace logbraid {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::size_t kNowhere = std::string_view::npos;

constexpr std::string_view kNested = "a field of the key is an object or an array";
constexpr std::string_view kDots = "a field of the key would make a path segment of dots";
constexpr std::string_view kNoLabel = "a field of the key is no part of a DNS name";
constexpr std::string_view kNoName = "the key is no DNS name";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == kNowhere) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Error at(std::size_t offset, std::string_view what) {
  return Error(std::string(what) + " (character " + std::to_string(offset + 1) + ")");
}

std::string in_braces(const FieldPath& field) { return "{{" + field.to_string() + "}}"; }

// Reads JSON text piece by piece: whether it stands inside a string.
class QuoteWatch {
 public:
  explicit QuoteWatch(bool inside) : inside_(inside) {}
  bool inside() const { return inside_; }
  // Behind a backslash that takes the next byte with it.
  bool escaped() const { return escaped_; }
  void read(std::string_view text) {
    for (const char c : text) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = inside_;
      } else if (c == '"') {
        inside_ = !inside_;
      }
    }
  }

 private:
  bool inside_;
  bool escaped_ = false;
};

// Whether a text that begins so is still in the authority of a URL: "https://", "//cdn.".
bool ends_in_authority(std::string_view start) {
  const std::size_t slash = start.find('/');
  if (slash == kNowhere || start.substr(slash, 2) != "//") return false;
  if (slash != 0 && start[slash - 1] != ':') return false;
  return start.find_first_of("/?#", slash + 2) == kNowhere;
}

// Whether an empty value would name something else than any value does: `/users/` is another
// resource than each `/users/{{id}}`, and no label is empty.
bool empty_is_missing(KeyEscape escape) {
  return escape == KeyEscape::url_path || escape == KeyEscape::dns_label;
}

void append_piece(std::string& out, std::string_view literal, std::string_view text,
                  KeyEscape escape) {
  switch (escape) {
    case KeyEscape::url_path:
    case KeyEscape::url_query:
      out += literal;
      append_percent_encoded(out, text);
      break;
    case KeyEscape::json_string:
      out += literal;
      append_json_escaped(out, text);
      break;
    case KeyEscape::none:
    case KeyEscape::dns_label:
      out += literal;
      out += text;
      break;
  }
}

bool is_dots(std::string_view text) { return text.find_first_not_of('.') == kNowhere; }

}  // namespace

Result<KeyTemplate> KeyTemplate::parse(std::string_view text, KeyEscape escape) {
  if (text.empty()) return Error("a template is a text with fields in it, like user:{{user_id}}");
  if (text.size() > kMaxBytes) return Error("over 4096 bytes, more than a key may have");
  if (valid_utf8_prefix(text) != text.size()) return Error("not UTF-8");
  KeyTemplate made;
  made.escape_ = escape;
  std::string literal;
  std::size_t from = 0;
  while (true) {
    const std::size_t open = text.find(kOpen, from);
    literal += text.substr(from, open == kNowhere ? open : open - from);
    if (open == kNowhere) break;
    from = open + kOpen.size();
    if (text.substr(from).starts_with(kOpen)) {
      literal += kOpen;
      from += kOpen.size();
      continue;
    }
    const std::size_t close = text.find(kClose, from);
    const std::string_view name = without_blanks(text.substr(from, close - from));
    if (close == kNowhere || name.find(kOpen) != kNowhere) {
      return at(open, "{{ without its }}; write {{{{ for two braces as they are");
    }
    if (name.empty()) return at(open, "no field between {{ and }}; write it like {{user.id}}");
    Result<FieldPath> field = FieldPath::parse(name);
    if (!field) return at(open, field.error().message);
    if (escape == KeyEscape::url_path && literal.find_first_of("?#") != kNowhere) {
      escape = KeyEscape::url_query;
    }
    made.literals_.push_back({std::exchange(literal, {}), escape});
    made.fields_.push_back(*std::move(field));
    from = close + kClose.size();
  }
  made.literals_.push_back({std::move(literal), escape});
  if (const Result<void> fits = made.check_surroundings(); !fits) return fits.error();
  return made;
}

Result<void> KeyTemplate::check_surroundings() const {
  switch (escape_) {
    case KeyEscape::none:
      return {};
    case KeyEscape::url_path:
    case KeyEscape::url_query:
      return check_url();
    case KeyEscape::json_string:
      return check_json();
    case KeyEscape::dns_label:
      return check_dns();
  }
  return {};
}

Result<void> KeyTemplate::check_url() const {
  if (!fields_.empty() && ends_in_authority(literals_.front().text)) {
    return Error("the host must not depend on an event; " + in_braces(fields_.front()) +
                 " may only stand behind the first / of the path");
  }
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::string& before = literals_[i].text;
    if (before.find('%', before.size() < 2 ? 0 : before.size() - 2) != kNowhere) {
      return Error("% must not stand right before " + in_braces(fields_[i]) +
                   ", or an event could complete its code; write %25 for the sign");
    }
  }
  return {};
}

Result<void> KeyTemplate::check_json() const {
  const bool is_content =
      std::none_of(literals_.begin(), literals_.end(),
                   [](const Literal& literal) { return literal.text.find('"') != kNowhere; });
  QuoteWatch quotes(is_content);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    quotes.read(literals_[i].text);
    if (!quotes.inside() || quotes.escaped()) {
      return Error((quotes.escaped() ? "no backslash may stand before " : "put quotes around ") +
                   in_braces(fields_[i]) + ", or an event could change the text around it");
    }
  }
  return {};
}

Result<void> KeyTemplate::check_dns() const {
  for (const Literal& literal : literals_) {
    for (const char& c : literal.text) {
      if (c == '.' || has_only_label_characters({&c, 1})) continue;
      return Error("a DNS name has letters, digits, hyphens, underscores and dots, no \"" +
                   std::string(1, c) + "\"");
    }
  }
  // With values as short as can be: a template that is no name then never makes one.
  std::string shortest = literals_.front().text;
  for (std::size_t i = 1; i < literals_.size(); ++i) shortest += 'x' + literals_[i].text;
  if (!is_dns_name(shortest)) {
    return Error("is a DNS name with no value: labels have 1 to 63 bytes, a name up to 253");
  }
  return {};
}

KeyResult KeyTemplate::render(const EventView& event, std::string& out,
                              std::string_view& why) const {
  const std::size_t start = out.size();
  const auto refuse = [&](std::string_view reason) {
    out.resize(start);
    why = reason;
    return KeyResult::refused;
  };
  bool dots = false;  // a value that stands in the path has only those
  ValueTextBuffer buffer;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto& [literal, escape] = literals_[i];
    const Value value = event.get(fields_[i]);
    if (value.is_object() || value.is_array()) return refuse(kNested);
    const std::string_view text = value.is_string() ? value.text() : value_text(value, buffer);
    if (text.empty() && (!value.is_string() || empty_is_missing(escape))) {
      out.resize(start);
      return KeyResult::missing;
    }
    if (text.size() > kMaxBytes) return refuse(kTooLong);
    if (escape == KeyEscape::dns_label && !is_whole_field() && !has_only_label_characters(text)) {
      return refuse(kNoLabel);
    }
    dots = dots || (escape == KeyEscape::url_path && is_dots(text));
    append_piece(out, literal, text, escape);
  }
  if (const std::string& last = literals_.back().text; !last.empty()) out += last;
  const std::string_view key = std::string_view(out).substr(start);
  if (key.size() > kMaxBytes) return refuse(kTooLong);
  if (dots && has_dot_segment(key.substr(0, key.find_first_of("?#")))) return refuse(kDots);
  if (escape_ == KeyEscape::dns_label && !is_dns_name(key)) return refuse(kNoName);
  return KeyResult::made;
}

}  // namespace logbraid
