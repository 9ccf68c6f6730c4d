#include "lookup/lookup_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json_text.h"
#include "tests/support/event_of.h"

namespace logbraid {
namespace {

using test::EventOf;

KeySpec spec_of(const std::vector<std::string>& texts) {
  std::vector<KeyTemplate> parts;
  for (const std::string& text : texts) {
    Result<KeyTemplate> made = KeyTemplate::parse(text, KeyEscape::none);
    EXPECT_TRUE(made);
    parts.push_back(*std::move(made));
  }
  return KeySpec(std::move(parts));
}

struct Key {
  KeyResult result;
  std::string text;
  std::string_view why;
};

Key key_of(const KeySpec& spec, std::string_view json) {
  EventOf event(json);
  Key key;
  key.result = spec.render(EventView(event.event(), event.arena()), key.text, key.why);
  return key;
}

std::string two_fields(std::string_view a, std::string_view b) {
  std::string json = R"({"a":)";
  append_json_string(json, a);
  json += R"(,"b":)";
  append_json_string(json, b);
  return json + "}";
}

TEST(LookupKeyTest, one_part_is_the_key) {
  const KeySpec spec = spec_of({"user:{{a}}"});
  const Key key = key_of(spec, R"({"a":"x"})");
  EXPECT_EQ(key.result, KeyResult::made);
  EXPECT_EQ(key.text, "user:x");
  EXPECT_EQ(spec.key_part(key.text, 0), "user:x");
}

TEST(LookupKeyTest, several_parts_are_found_again) {
  const KeySpec spec = spec_of({"{{a}}", "-{{b}}", "c"});
  const Key key = key_of(spec, two_fields("", std::string("x\0\x01", 3)));
  EXPECT_EQ(key.result, KeyResult::made);
  EXPECT_EQ(spec.key_part(key.text, 0), "");
  EXPECT_EQ(spec.key_part(key.text, 1), std::string_view("-x\0\x01", 4));
  EXPECT_EQ(spec.key_part(key.text, 2), "c");
}

TEST(LookupKeyTest, the_length_stands_least_byte_first) {
  const Key key = key_of(spec_of({"{{a}}", "{{b}}"}), two_fields(std::string(258, 'x'), "y"));
  EXPECT_EQ(key.text.substr(0, 4), std::string("\x02\x01\0\0", 4));
  EXPECT_EQ(key.text.substr(262), std::string("\x01\0\0\0y", 5));
}

TEST(LookupKeyTest, keys_are_equal_only_when_all_parts_are) {
  const KeySpec spec = spec_of({"{{a}}", "{{b}}"});
  const std::vector<std::string> texts = {"",
                                          "a",
                                          "ab",
                                          "b",
                                          "c",
                                          "bc",
                                          "abc",
                                          std::string("\1\0\0\0", 4),
                                          std::string("\1\0\0\0b", 5)};
  std::set<std::string> keys;
  for (const std::string& a : texts) {
    for (const std::string& b : texts) keys.insert(key_of(spec, two_fields(a, b)).text);
  }
  EXPECT_EQ(keys.size(), texts.size() * texts.size());
}

TEST(LookupKeyTest, a_part_that_is_not_made_leaves_nothing) {
  const KeySpec spec = spec_of({"{{a}}", "{{b}}"});
  const Key missing = key_of(spec, R"({"a":1})");
  EXPECT_EQ(missing.result, KeyResult::missing);
  EXPECT_EQ(missing.text, "");
  const Key refused = key_of(spec, R"({"a":1,"b":[]})");
  EXPECT_EQ(refused.result, KeyResult::refused);
  EXPECT_EQ(refused.text, "");
  EXPECT_EQ(refused.why, "a field of the key is an object or an array");
}

TEST(LookupKeyTest, all_parts_together_have_4096_bytes_at_most) {
  const KeySpec spec = spec_of({"{{a}}", "{{b}}"});
  const std::string half(KeyTemplate::kMaxBytes / 2 - 4, 'a');
  EXPECT_EQ(key_of(spec, two_fields(half, half)).result, KeyResult::made);
  const Key over = key_of(spec, two_fields(half, half + "a"));
  EXPECT_EQ(over.result, KeyResult::refused);
  EXPECT_EQ(over.why, KeyTemplate::kTooLong);
  EXPECT_EQ(over.text, "");
}

TEST(LookupKeyTest, reads_what_its_parts_read) {
  std::vector<std::string> names;
  for (const FieldPath& field : spec_of({"{{a}}{{b.c}}", "x", "{{d}}"}).fields()) {
    names.push_back(field.to_string());
  }
  EXPECT_THAT(names, testing::ElementsAre("a", "b.c", "d"));
}

TEST(KeyHashTest, the_same_seed_gives_the_same_hash_and_another_another) {
  EXPECT_EQ(KeyHash(7)("user:1"), KeyHash(7)("user:1"));
  EXPECT_NE(KeyHash(7)("user:1"), KeyHash(8)("user:1"));
  EXPECT_NE(KeyHash(7)("user:1"), KeyHash(7)("user:2"));
  EXPECT_NE(KeyHash()("user:1"), KeyHash()("user:1")) << "seeds are random";
}

}  // namespace
}  // namespace logbraid
