#include "logbraid/owned_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "format/json_writer.h"

namespace logbraid::test {
namespace {

std::string json_of(const Result<OwnedEvent>& event) {
  if (!event) return "refused: " + event.error().message;
  std::string json;
  JsonWriter().write(event->event(), {}, json);
  json.pop_back();
  return json;
}

TEST(owned_event, keeps_every_byte_of_the_object) {
  const std::string_view json = R"({"a":1e400,"b":{"c":[1,2]},"a":-0,"t":"\u00e9"})";
  EXPECT_EQ(json_of(OwnedEvent::from_json(json)), json);
}

TEST(owned_event, needs_nothing_of_what_it_was_made_from) {
  std::string json = R"({"a":"b"})";
  const auto event = OwnedEvent::from_json(json);
  json.assign(json.size(), 'x');
  EXPECT_EQ(json_of(event), R"({"a":"b"})");
}

TEST(owned_event, may_stand_on_several_lines) {
  EXPECT_EQ(json_of(OwnedEvent::from_json("{\n  \"a\": \"\\\"\",\n  \"b\": 2\n}\n")),
            R"({   "a": "\"",   "b": 2 })");
}

TEST(owned_event, refuses_what_is_no_object) {
  struct Row {
    std::string_view name;
    std::string json;
    std::string_view because;
  };
  const Row rows[] = {
      {"nothing", "", "only blanks"},
      {"an array", "[1]", "byte 1"},
      {"two objects", "{}\n{}", "byte"},
      {"a line end in a string", "{\"a\":\"x\ny\"}", "byte"},
      {"a comma too many", "{\"a\":1,}", "byte"},
      {"no UTF-8", "{\"a\":\"\xff\"}", "UTF-8"},
      {"a byte order mark", "\xef\xbb\xbf{}", "byte 1"},
      {"over 1 MiB", "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}", "1 MiB"},
  };
  for (const Row& row : rows) {
    const auto event = OwnedEvent::from_json(row.json);
    ASSERT_FALSE(event.has_value()) << row.name;
    EXPECT_THAT(event.error().message, testing::HasSubstr(row.because)) << row.name;
  }
}

TEST(event_builder, nests_merges_and_replaces) {
  EventBuilder builder;
  builder.set(FieldPath("user.id"), 7)
      .set(FieldPath("level"), "INFO")
      .set(FieldPath("user"), Value::object(R"({"name":"x"})"))
      .set(FieldPath("level"), "WARN")
      .set(FieldPath("a\\.b"), true)
      .set(FieldPath("gone"), Value());
  EXPECT_EQ(json_of(builder.build()), R"({"user":{"id":7,"name":"x"},"level":"WARN","a.b":true})");
  EXPECT_EQ(json_of(builder.build()), "{}");  // it is empty then
}

TEST(event_builder, repairs_strings_that_are_not_utf8) {
  EXPECT_EQ(json_of(EventBuilder().set(FieldPath("a"), "x\xffy").build()),
            "{\"a\":\"x\xef\xbf\xbdy\"}");
}

TEST(event_builder, refuses_an_object_that_is_no_json) {
  EXPECT_FALSE(EventBuilder().set(FieldPath("a"), Value::object("{\"b\":}")).build().has_value());
}

}  // namespace
}  // namespace logbraid::test
