#include "format/json_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "core/constant_steps.h"
#include "core/json_text.h"
#include "logbraid/event_view.h"
#include "logbraid/path.h"
#include "tests/support/event_of.h"

namespace logbraid {
namespace {

using test::EventOf;

// Steps of patches, in plan order: "path=json" sets, "-path" removes; "|" begins the next patch.
struct Row {
  std::string name;
  std::string event;
  std::vector<std::string> steps;
  std::string expected;
};

Value value_of(std::string_view json) {
  if (json.front() == '"') return json.substr(1, json.size() - 2);
  if (json.front() == '{') return Value::object(json);
  if (json.front() == '[') return Value::array(json);
  if (json == "null") return nullptr;
  if (json == "true") return true;
  return Value::number(json);
}

class Patches {
 public:
  Patches(const std::vector<std::string>& steps, Arena& arena) : patches_(1, Patch(&arena)) {
    for (const std::string& step : steps) {
      if (step == "|") {
        patches_.emplace_back(&arena);
      } else if (step.front() == '-') {
        patches_.back().remove(parse_path(step.substr(1), arena));
      } else {
        const std::size_t equals = step.find('=');
        patches_.back().set(parse_path(step.substr(0, equals), arena),
                            value_of(step.substr(equals + 1)));
      }
    }
  }
  const std::vector<Patch>& row() const { return patches_; }

 private:
  std::vector<Patch> patches_;
};

// The same patches; those that only set are put together beforehand.
class PreparedPatches {
 public:
  PreparedPatches(const std::vector<Patch>& row, Arena& arena) {
    for (const Patch& patch : row) {
      const auto sets = [](const PatchOp& op) { return !op.value.absent(); };
      if (!std::all_of(patch.ops().begin(), patch.ops().end(), sets)) {
        patches_.push_back(patch);
        continue;
      }
      texts_.push_back(added_json(patch.ops()));
      steps_.push_back(constant_steps(patch.ops(), texts_.back()));
      patches_.emplace_back(&arena).set_constant(steps_.back());
    }
  }
  const std::vector<Patch>& row() const { return patches_; }

 private:
  std::deque<std::string> texts_;
  std::deque<ConstantSteps> steps_;
  std::vector<Patch> patches_;
};

class JsonWriterRows : public testing::TestWithParam<Row> {};

TEST_P(JsonWriterRows, writes) {
  const Row& row = GetParam();
  EventOf made(row.event);
  const Patches patches(row.steps, made.arena());
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), patches.row(), out);
  EXPECT_EQ(out, row.expected + "\n");
  const PreparedPatches prepared(patches.row(), made.arena());
  JsonWriter other;
  std::string same;
  other.write(made.event(), prepared.row(), same);
  EXPECT_EQ(same, out);
  EXPECT_EQ(other.conflicts(), writer.conflicts());
  // What a descendant of all of them reads is what is written: both sum the patches up alike.
  EventOf written(row.expected);
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - patches.row().size());
  const EventView seen(made.event(), patches.row().data(), {&all, 1}, made.arena());
  const EventView plain(written.event(), written.arena());
  for (const char* path : {"a", "b", "c", "new", "geo", "user", "user.id", "user.name",
                           "user.org.x", "geo.country", "geo.city", "a.b", "a.b.c"}) {
    std::string through_patches;
    std::string through_text;
    append_json(through_patches, seen.get(FieldPath(path)));
    append_json(through_text, plain.get(FieldPath(path)));
    EXPECT_EQ(through_patches, through_text) << path;
    EXPECT_EQ(seen.exists(FieldPath(path)), plain.exists(FieldPath(path))) << path;
  }
}

INSTANTIATE_TEST_SUITE_P(
    JsonWriter, JsonWriterRows,
    testing::Values(
        Row{"untouched_bytes_stay",
            R"({ "a" : 1.10, "b":"\u00e9" })",
            {},
            R"({ "a" : 1.10, "b":"\u00e9" })"},
        Row{"new_fields_follow_in_plan_order",
            R"({"a":1})",
            {"c=2", "|", "b=3"},
            R"({"a":1,"c":2,"b":3})"},
        Row{"a_changed_field_keeps_its_place",
            R"({"a": 1, "b": 2, "c": 3})",
            {"b=\"x\""},
            R"({"a": 1, "b": "x", "c": 3})"},
        Row{"several_changes_out_of_order",
            R"({"a":1,"b":2,"c":3})",
            {"c=30", "a=10"},
            R"({"a":10,"b":2,"c":30})"},
        Row{"an_empty_event_gets_fields", R"({ })", {"a=1", "b=2"}, R"({"a":1,"b":2})"},
        Row{"the_later_in_plan_order_wins", R"({"a":1})", {"a=2", "|", "a=3"}, R"({"a":3})"},
        Row{"removing_the_first", R"({"a":1,"b":2})", {"-a"}, R"({"b":2})"},
        Row{"removing_the_last", R"({"a":1,"b":2})", {"-b"}, R"({"a":1})"},
        Row{"removing_all", R"({"a":1})", {"-a"}, R"({})"},
        Row{"removing_what_is_not_there", R"({"a":1})", {"-x", "-a.b", "-x.y"}, R"({"a":1})"},
        Row{"removed_and_set_again_keeps_its_place",
            R"({"a":1,"b":2})",
            {"-a", "|", "a=3"},
            R"({"a":3,"b":2})"},
        Row{"set_and_removed_again_is_gone", R"({"b":1})", {"new=1", "|", "-new"}, R"({"b":1})"},
        Row{"a_dotted_path_nests",
            R"({"a":1})",
            {"geo.country=\"GB\"", "geo.city=\"L\""},
            R"({"a":1,"geo":{"country":"GB","city":"L"}})"},
        Row{"an_escaped_dot_is_a_key", R"({"a":1})", {R"(x\.y=2)"}, R"({"a":1,"x.y":2})"},
        Row{"setting_below_an_object_of_the_event",
            R"({"user": {"id": 1, "name":"n"},"b":2})",
            {"user.name=\"m\"", "user.org.x=1"},
            R"({"user": {"id": 1,"name":"m","org":{"x":1}},"b":2})"},
        Row{"setting_below_a_scalar_replaces_it",
            R"({"a":5,"b":2})",
            {"a.b=1"},
            R"({"a":{"b":1},"b":2})"},
        Row{"objects_merge_member_by_member",
            R"({"user":{"id":1,"name":"n"}})",
            {R"(user={"name":"m","x":{"y":1}})"},
            R"({"user":{"id":1,"name":"m","x":{"y":1}}})"},
        Row{"objects_of_patches_merge",
            R"({"b":1})",
            {R"(user={"id":1})", "|", R"(user={"name":2})"},
            R"({"b":1,"user":{"id":1,"name":2}})"},
        Row{"below_an_object_that_was_set_whole",
            R"({"b":1})",
            {R"(user={"id":1,"name":2})", "|", "user.id=7"},
            R"({"b":1,"user":{"id":7,"name":2}})"},
        Row{"arrays_replace", R"({"a":[1,2]})", {"a=[3]"}, R"({"a":[3]})"},
        Row{"a_scalar_over_an_object", R"({"user":{"id":1}})", {"user=5"}, R"({"user":5})"},
        Row{"a_scalar_and_then_below_it",
            R"({"user":{"id":1}})",
            {"user=5", "|", "user.name=1"},
            R"({"user":{"name":1}})"},
        Row{"removing_below",
            R"({"user":{"id":1,"name":2},"b":1})",
            {"-user.id"},
            R"({"user":{"name":2},"b":1})"},
        Row{"removing_below_a_scalar_does_nothing", R"({"a":1})", {"-a.b"}, R"({"a":1})"},
        Row{"removed_and_then_set_below",
            R"({"user":{"id":1}})",
            {"-user", "|", "user.name=2"},
            R"({"user":{"name":2}})"},
        Row{"an_empty_object", R"({"b":1})", {"a={}"}, R"({"b":1,"a":{}})"},
        Row{"null_is_a_value", R"({"a":1})", {"a=null", "b=null"}, R"({"a":null,"b":null})"},
        Row{"an_escaped_key_is_found", R"({"\u0061":1})", {"a=2"}, R"({"\u0061":2})"}),
    [](const auto& each) { return each.param.name; });

TEST(JsonWriter, of_duplicate_keys_the_last_is_changed_and_a_removal_takes_all) {
  EventOf made(R"({"a":1,"b":0,"a":2})");
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), Patches({"a=3"}, made.arena()).row(), out);
  EXPECT_EQ(out, "{\"a\":1,\"b\":0,\"a\":3}\n");
  out.clear();
  writer.write(made.event(), Patches({"-a"}, made.arena()).row(), out);
  EXPECT_EQ(out, "{\"b\":0}\n");
}

TEST(JsonWriter, nested_duplicate_keys_too) {
  EventOf made(R"({"u":{"a":1,"a":2}})");
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), Patches({"u.a=3"}, made.arena()).row(), out);
  EXPECT_EQ(out, "{\"u\":{\"a\":1,\"a\":3}}\n");
  out.clear();
  writer.write(made.event(), Patches({"-u.a"}, made.arena()).row(), out);
  EXPECT_EQ(out, "{\"u\":{}}\n");
}

TEST(JsonWriter, conflicts_are_counted) {
  EventOf made(R"({"a":5})");
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), Patches({"a.b=1", "c=1", "|", "c.d=2"}, made.arena()).row(), out);
  EXPECT_EQ(writer.conflicts(), 2u);
}

TEST(JsonWriter, strings_are_escaped_and_stay_in_their_line) {
  EventOf made(R"({"a":1})");
  Patch patch(&made.arena());
  const FieldPath path("s");
  patch.set(path, "\"\\\n\r\t\x01 ${jndi:x} {{y}} \xE2\x80\xA8 \x1b[31m");
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), {&patch, 1}, out);
  EXPECT_EQ(
      out,
      "{\"a\":1,\"s\":\"\\\"\\\\\\n\\r\\t\\u0001 ${jndi:x} {{y}} \xE2\x80\xA8 \\u001b[31m\"}\n");
}

TEST(JsonWriter, numbers_keep_their_type) {
  EventOf made(R"({})");
  Patch patch(&made.arena());
  patch.set(parse_path("i", made.arena()), -3);
  patch.set(parse_path("u", made.arena()), UINT64_MAX);
  patch.set(parse_path("d", made.arena()), 2.0);
  patch.set(parse_path("e", made.arena()), 0.1);
  patch.set(parse_path("nan", made.arena()), 0.0 / 0.0);
  patch.set(parse_path("t", made.arena()), true);
  JsonWriter writer;
  std::string out;
  writer.write(made.event(), {&patch, 1}, out);
  EXPECT_EQ(out,
            "{\"i\":-3,\"u\":18446744073709551615,\"d\":2.0,\"e\":0.1,\"nan\":null,\"t\":true}\n");
}

TEST(EventView, sees_only_its_ancestors) {
  EventOf made(R"({"a":1})");
  std::vector<Patch> row(3, Patch(&made.arena()));
  const FieldPath a("a");
  row[0].set(a, 10);
  row[1].set(a, 20);
  row[2].set(a, 30);
  const auto seen = [&](std::uint64_t ancestors) {
    const EventView view(made.event(), row.data(), {&ancestors, 1}, made.arena());
    return view.get(a).as_int64();
  };
  EXPECT_EQ(seen(0), 1);
  EXPECT_EQ(seen(0b001), 10);
  EXPECT_EQ(seen(0b011), 20);
  EXPECT_EQ(seen(0b101), 30);
}

}  // namespace
}  // namespace logbraid
