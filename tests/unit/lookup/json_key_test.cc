#include "lookup/json_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lookup/lookup_key.h"
#include "tests/support/event_of.h"

namespace logbraid {
namespace {

using test::EventOf;
using ::testing::HasSubstr;

Result<JsonKey> chosen(const std::vector<std::string_view>& names) {
  std::vector<FieldPath> fields;
  for (const std::string_view name : names) fields.emplace_back(name);
  return JsonKey::of(fields);
}

struct Key {
  KeyResult result;
  std::string text;
  std::string_view why;
};

Key key_of(const JsonKey& json_key, std::string_view json) {
  EventOf event(json);
  Key key{KeyResult::made, "before:", {}};
  key.result = json_key.render(EventView(event.event(), event.arena()), key.text, key.why);
  EXPECT_TRUE(key.text.starts_with("before:"));
  key.text.erase(0, 7);
  return key;
}

TEST(JsonKeyTest, fields_stand_where_they_do_in_the_event) {
  const JsonKey key = chosen({"user.id", "ip", "user.tags", "a\\.b", "user.more.x"}).value();
  EXPECT_EQ(key_of(key, R"({"a.b":1,"ip":"x","user":{"tags":[1],"id":7,"more":{"x":true}}})").text,
            R"({"user":{"id":7,"tags":[1],"more":{"x":true}},"ip":"x","a.b":1})");
  EXPECT_EQ(key.fields()[0].to_string(), "user.id");
  EXPECT_EQ(key.fields()[1].to_string(), "user.tags") << "in the order they are written";
}

TEST(JsonKeyTest, any_value_keeps_its_type_and_its_spelling) {
  const JsonKey key = chosen({"x"}).value();
  for (const std::string value : {R"("a\"b\\c")", "1.50", "1e400", "-0", "true", R"({"y":[null]})",
                                  "[]", "12345678901234567890123"}) {
    EXPECT_EQ(key_of(key, "{\"x\":" + value + "}").text, "{\"x\":" + value + "}");
  }
}

TEST(JsonKeyTest, a_value_cannot_end_the_line_or_change_the_object) {
  const JsonKey key = chosen({"x"}).value();
  EXPECT_EQ(key_of(key, R"({"x":"\"},\"id\":9,\n{\u000a\u0000"})").text,
            R"({"x":"\"},\"id\":9,\n{\n\u0000"})");
}

TEST(JsonKeyTest, what_is_absent_is_null_and_all_of_it_is_missing) {
  const JsonKey key = chosen({"a", "b.c"}).value();
  EXPECT_EQ(key_of(key, R"({"a":1})").text, R"({"a":1,"b":{"c":null}})");
  EXPECT_EQ(key_of(key, R"({"b":{"c":0}})").text, R"({"a":null,"b":{"c":0}})");
  for (const std::string_view json : {R"({})", R"({"a":null})", R"({"b":5})"}) {
    EXPECT_EQ(key_of(key, json).result, KeyResult::missing) << json;
    EXPECT_EQ(key_of(key, json).text, "") << json;
  }
}

TEST(JsonKeyTest, a_key_that_is_too_long_is_refused) {
  const JsonKey key = chosen({"a", "b"}).value();
  const auto event = [](std::size_t size) {
    return "{\"a\":\"" + std::string(size, 'x') + "\",\"b\":1}";
  };
  const std::size_t around = event(0).size();
  EXPECT_EQ(key_of(key, event(KeyTemplate::kMaxBytes - around)).result, KeyResult::made);
  const Key refused = key_of(key, event(KeyTemplate::kMaxBytes - around + 1));
  EXPECT_EQ(refused.result, KeyResult::refused);
  EXPECT_EQ(refused.why, KeyTemplate::kTooLong);
  EXPECT_EQ(refused.text, "");
}

TEST(JsonKeyTest, says_which_fields_are_in_each_others_way) {
  EXPECT_THAT(chosen({}).error().message, HasSubstr("write [client_ip, user.id]"));
  EXPECT_THAT(chosen({"a", "a"}).error().message, HasSubstr("names a and a"));
  EXPECT_THAT(chosen({"a.b", "x", "a"}).error().message, HasSubstr("names a.b and a"));
  EXPECT_TRUE(chosen({"a.b", "a.bc"}));
}

TEST(JsonKeyTest, a_whole_event_is_as_it_was_read) {
  const Key key = key_of(JsonKey::whole_event(), R"({"a": 1.50 , "a":2, "b":{"c":[]}})");
  EXPECT_EQ(key.text, R"({"a": 1.50 , "a":2, "b":{"c":[]}})");
  EXPECT_TRUE(JsonKey::whole_event().fields().empty());
  EXPECT_EQ(key_of(JsonKey::whole_event(), "{}").text, "{}");
}

TEST(JsonKeyTest, a_whole_event_has_what_its_dependencies_added) {
  EventOf event(R"({"a":1,"b":{"c":2}})");
  const FieldPath inner("b.d");
  const FieldPath other("e");
  Patch row[] = {Patch(&event.arena()), Patch(&event.arena())};
  row[0].set(inner, "x");
  row[1].set(other, 5);
  const std::uint64_t first_alone = 1;
  std::string key;
  std::string_view why;
  const EventView seen(event.event(), row, {&first_alone, 1}, event.arena());
  EXPECT_EQ(JsonKey::whole_event().render(seen, key, why), KeyResult::made);
  EXPECT_EQ(key, R"({"a":1,"b":{"c":2,"d":"x"}})");
}

TEST(JsonKeyTest, a_whole_event_that_is_too_large_is_refused) {
  // The reader refuses such lines; other records have no such limit.
  const std::string large(JsonKey::kMostOfEvent, 'x');
  const Field field{"m",         large.data(), 1,    static_cast<std::uint32_t>(large.size()),
                    Token::text, false,        false};
  const Event event({&field, 1}, key_bit("m"), {});
  Arena arena;
  std::string key;
  std::string_view why;
  EXPECT_EQ(JsonKey::whole_event().render(EventView(event, arena), key, why), KeyResult::refused);
  EXPECT_EQ(why, "the event is over 1 MiB");
  EXPECT_EQ(key, "");
}

TEST(JsonKeyTest, a_whole_record_that_was_no_json_is_an_object) {
  const Field fields[] = {{"message", "a \"b\"", 7, 5, Token::text, false, false},
                          {"status", "200", 6, 3, Token::number, false, false}};
  Arena arena;
  std::string key;
  std::string_view why;
  EXPECT_EQ(JsonKey::whole_event().render(EventView(Event(fields, ~0ull, {}), arena), key, why),
            KeyResult::made);
  EXPECT_EQ(key, R"({"message":"a \"b\"","status":200})");
  key.clear();
  EXPECT_EQ(JsonKey::whole_event().render(EventView(Event({}, 0, {}), arena), key, why),
            KeyResult::made);
  EXPECT_EQ(key, "{}");
}

TEST(JsonKeyTest, is_a_key_of_one_part) {
  const KeySpec spec(chosen({"a"}).value());
  EventOf event(R"({"a":1})");
  std::string key;
  std::string_view why;
  EXPECT_EQ(spec.render(EventView(event.event(), event.arena()), key, why), KeyResult::made);
  EXPECT_EQ(spec.size(), 1u);
  EXPECT_EQ(spec.key_part(key, 0), R"({"a":1})");
  ASSERT_EQ(spec.fields().size(), 1u);
  EXPECT_EQ(spec.fields()[0].to_string(), "a");
}

}  // namespace
}  // namespace logbraid
