#include "tests/support/json_setting.h"

#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/json_text.h"

namespace logbraid::test {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Setting parse_all() {
    Setting setting = parse("");
    if (peek() != '\0') fail();
    return setting;
  }

 private:
  [[noreturn]] void fail() const {
    throw std::invalid_argument("broken JSON at byte " + std::to_string(at_) + " of " +
                                std::string(text_));
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool pass(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool pass_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // `key` is where the value stands, for the errors.
  Setting parse(const std::string& key) {
    Setting setting = parse_value(key);
    setting.key = key;
    return setting;
  }

  Setting parse_value(const std::string& key) {
    switch (peek()) {
      case '{':
        return parse_map(key);
      case '[':
        return parse_list(key);
      case '"':
        return parse_string();
      default:
        break;
    }
    if (pass_word("null")) return Setting();
    if (pass_word("true")) return true;
    if (pass_word("false")) return false;
    return parse_number();
  }

  Setting parse_map(const std::string& key) {
    Setting map = Setting::map({});
    ++at_;
    if (pass('}')) return map;
    do {
      if (peek() != '"') fail();
      std::string name = parse_string();
      if (!pass(':')) fail();
      Setting member = parse(key.empty() ? name : key + "." + name);
      map.set(std::move(name), std::move(member));
    } while (pass(','));
    if (!pass('}')) fail();
    return map;
  }

  Setting parse_list(const std::string& key) {
    Setting list = Setting::list({});
    ++at_;
    if (pass(']')) return list;
    do {
      list.push_back(parse(key + "[" + std::to_string(list.items().size()) + "]"));
    } while (pass(','));
    if (!pass(']')) fail();
    return list;
  }

  std::string parse_string() {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) fail();
    Arena arena;
    return std::string(unescape_json(text_.substr(start, at_++ - start), arena));
  }

  Setting parse_number() {
    const std::string_view rest = text_.substr(at_);
    const std::string_view spelled = rest.substr(0, rest.find_first_of(",]} \n"));
    const char* const end = spelled.data() + spelled.size();
    at_ += spelled.size();
    std::int64_t integer = 0;
    if (const auto [to, code] = std::from_chars(spelled.data(), end, integer);
        code == std::errc() && to == end) {
      return integer;
    }
    double real = 0;
    const auto [to, code] = std::from_chars(spelled.data(), end, real);
    if (code != std::errc() || to != end) fail();
    return Setting::spelled(real, std::string(spelled));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Setting json_setting(std::string_view json) { return Parser(json).parse_all(); }

}  // namespace logbraid::test
