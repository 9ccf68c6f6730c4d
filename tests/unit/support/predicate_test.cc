#include "logbraid/predicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "logbraid/event_view.h"
#include "logbraid/setting.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;

Setting map(std::vector<Setting::Member> members) { return Setting::map(std::move(members)); }
Setting list(std::vector<Setting> items) { return Setting::list(std::move(items)); }

// {field: FIELD, NAME: OPERAND}
Setting test(const char* field, const char* name, Setting operand) {
  return map({{"field", field}, {name, std::move(operand)}});
}

class PredicateTest : public ::testing::Test {
 protected:
  void add(std::string_view key, Token token, std::string_view raw) {
    fields_.push_back({key.data(), raw.data(), static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(raw.size()), token, false, false});
    mask_ |= key_bit(key);
  }
  void SetUp() override {
    add("status", Token::number, "500");
    add("ratio", Token::number, "1.0");
    add("half", Token::number, "0.5");
    add("big", Token::number, "9007199254740993");
    add("huge", Token::number, "18446744073709551615");
    add("endless", Token::number, "1e400");
    add("path", Token::string, "/api/v1/orders");
    add("level", Token::string, "ERROR");
    add("client_ip", Token::string, "10.1.2.3");
    add("mapped_ip", Token::string, "::ffff:10.1.2.3");
    add("nothing", Token::null, "null");
    add("ok", Token::boolean, "true");
    add("user", Token::object, R"({"id":7,"plan":null})");
    add("tags", Token::array, R"(["a"])");
  }
  bool holds(const Setting& setting) {
    const auto predicate = Predicate::parse(setting);
    EXPECT_TRUE(predicate) << predicate.error().to_string();
    const Event event(fields_, mask_, "");
    return (*predicate)(EventView(event, arena_));
  }

  std::vector<Field> fields_;
  std::uint64_t mask_ = 0;
  Arena arena_;
};

TEST_F(PredicateTest, each_operator_on_each_kind_of_value) {
  const struct {
    const char* name;
    Setting input;
    bool expected;
  } rows[] = {
      {"number", test("status", "equals", 500), true},
      {"number_by_value", test("status", "equals", 500.0), true},
      {"integer_of_a_real", test("ratio", "equals", 1), true},
      {"fraction", test("half", "equals", 0.5), true},
      {"number_is_not_its_text", test("status", "equals", "500"), false},
      {"big_integers_are_exact", test("big", "equals", std::int64_t{9007199254740993}), true},
      {"a_double_would_say_yes", test("big", "equals", std::int64_t{9007199254740992}), false},
      {"unsigned", test("huge", "equals", 18446744073709551615.0), true},
      {"text_exactly", test("level", "equals", "ERROR"), true},
      {"text_in_other_case", test("level", "equals", "error"), false},
      {"null", test("nothing", "equals", Setting()), true},
      {"null_is_not_absent", test("absent", "equals", Setting()), false},
      {"null_is_not_false", test("nothing", "equals", false), false},
      {"boolean", test("ok", "equals", true), true},
      {"boolean_is_not_one", test("ok", "equals", 1), false},
      {"object_equals_nothing", test("user", "equals", R"({"id":7,"plan":null})"), false},
      {"array_equals_nothing", test("tags", "equals", R"(["a"])"), false},
      {"nested_field", test("user.id", "equals", 7), true},
      {"nested_null", test("user.plan", "equals", Setting()), true},
      {"in", test("level", "in", list({"FATAL", "ERROR"})), true},
      {"in_mixed", test("status", "in", list({"x", Setting(), 500, true})), true},
      {"not_in", test("level", "in", list({"INFO", "DEBUG"})), false},
      {"range", test("status", "range", list({500, 599})), true},
      {"range_includes_its_ends", test("status", "range", list({0, 500})), true},
      {"below_the_range", test("status", "range", list({501, 599})), false},
      {"range_open_above", test("status", "range", list({400, Setting()})), true},
      {"range_open_below", test("status", "range", list({Setting(), 499})), false},
      {"range_of_reals", test("half", "range", list({0.25, 0.75})), true},
      {"range_is_exact", test("big", "range", list({std::int64_t{9007199254740994}, Setting()})),
       false},
      {"range_of_a_number_beyond_double", test("endless", "range", list({0, Setting()})), true},
      {"range_of_text", test("level", "range", list({0, 1})), false},
      {"range_of_null", test("nothing", "range", list({0, 1})), false},
      {"prefix", test("path", "prefix", "/api/"), true},
      {"prefix_of_another", test("path", "prefix", "/v1"), false},
      {"prefix_of_a_number", test("status", "prefix", "5"), false},
      {"regex_anywhere", test("path", "regex", "v[0-9]+"), true},
      {"regex_anchored", test("path", "regex", "^v[0-9]+"), false},
      {"regex_of_a_number", test("status", "regex", "5"), false},
      {"cidr", test("client_ip", "cidr", "10.0.0.0/8"), true},
      {"cidr_list", test("client_ip", "cidr", list({"::1", "10.1.2.3"})), true},
      {"cidr_of_a_mapped_address", test("mapped_ip", "cidr", list({"10.0.0.0/8"})), true},
      {"cidr_of_another_net", test("client_ip", "cidr", "192.168.0.0/16"), false},
      {"cidr_of_no_address", test("level", "cidr", "0.0.0.0/0"), false},
      {"cidr_of_a_number", test("status", "cidr", "0.0.0.0/0"), false},
      {"exists", test("status", "exists", true), true},
      {"null_exists", test("nothing", "exists", true), true},
      {"object_exists", test("user", "exists", true), true},
      {"exists_false", test("status", "exists", false), false},
      {"nested_does_not_exist", test("user.name", "exists", false), true},
      {"below_a_scalar_is_nothing", test("status.code", "exists", true), false},
  };
  for (const auto& row : rows) EXPECT_EQ(holds(row.input), row.expected) << row.name;
}

TEST_F(PredicateTest, an_absent_field_fails_every_test_but_exists_false) {
  EXPECT_FALSE(holds(test("absent", "equals", "x")));
  EXPECT_FALSE(holds(test("absent", "in", list({Setting(), ""}))));
  EXPECT_FALSE(holds(test("absent", "range", list({0, 1}))));
  EXPECT_FALSE(holds(test("absent", "prefix", "")));
  EXPECT_FALSE(holds(test("absent", "regex", "")));
  EXPECT_FALSE(holds(test("absent", "cidr", "0.0.0.0/0")));
  EXPECT_FALSE(holds(test("absent", "exists", true)));
  EXPECT_TRUE(holds(test("absent", "exists", false)));
}

TEST_F(PredicateTest, not_turns_any_test_around_absent_fields_included) {
  EXPECT_TRUE(holds(map({{"not", test("absent", "equals", "x")}})));
  EXPECT_FALSE(holds(map({{"not", test("level", "equals", "ERROR")}})));
  EXPECT_TRUE(holds(map({{"not", map({{"not", test("ok", "equals", true)}})}})));
}

TEST_F(PredicateTest, groups_nest) {
  const Setting yes = test("status", "equals", 500);
  const Setting no = test("status", "equals", 200);
  EXPECT_TRUE(holds(map({{"all", list({yes, yes})}})));
  EXPECT_FALSE(holds(map({{"all", list({yes, no})}})));
  EXPECT_TRUE(holds(map({{"any", list({no, yes})}})));
  EXPECT_FALSE(holds(map({{"any", list({no, no})}})));
  // The second group is found behind the first, whatever is in it.
  EXPECT_TRUE(holds(map({{"any", list({map({{"all", list({yes, no, yes})}}),
                                       map({{"any", list({no, map({{"not", no}})})}})})}})));
  EXPECT_FALSE(holds(map({{"all", list({map({{"any", list({no, yes, no})}}),
                                        map({{"not", map({{"all", list({yes, yes})}})}})})}})));
}

TEST_F(PredicateTest, several_tests_in_one_map_must_all_hold) {
  const auto both = [](Setting prefix, Setting regex) {
    return map({{"field", "path"}, {"prefix", std::move(prefix)}, {"regex", std::move(regex)}});
  };
  EXPECT_TRUE(holds(both("/api", "orders$")));
  EXPECT_FALSE(holds(both("/api", "users$")));
  EXPECT_FALSE(holds(both("/web", "orders$")));
  EXPECT_FALSE(holds(
      map({{"field", "status"}, {"equals", 500}, {"not", test("level", "equals", "ERROR")}})));
}

TEST_F(PredicateTest, says_each_field_it_reads_once) {
  const auto predicate =
      Predicate::parse(map({{"all", list({test("a", "equals", 1), test("b.c", "exists", true),
                                          map({{"not", test("a", "equals", 2)}})})}}));
  ASSERT_TRUE(predicate);
  ASSERT_EQ(predicate->reads().size(), 2u);
  EXPECT_EQ(predicate->reads()[0].to_string(), "a");
  EXPECT_EQ(predicate->reads()[1].to_string(), "b.c");
}

TEST_F(PredicateTest, without_a_condition_it_is_true_and_reads_nothing) {
  const Predicate predicate;
  const Event event(fields_, mask_, "");
  EXPECT_TRUE(predicate(EventView(event, arena_)));
  EXPECT_TRUE(predicate.reads().empty());
}

TEST_F(PredicateTest, bad_input_is_an_error_that_says_what_would_be_right) {
  Setting deep = test("a", "exists", true);
  for (int i = 0; i < 100; ++i) deep = map({{"not", deep}});
  const struct {
    const char* name;
    Setting input;
    const char* message;
  } rows[] = {
      {"scalar", "status == 500", "must be a condition like"},
      {"empty", map({}), "is empty"},
      {"field_alone", map({{"field", "a"}}), "has no test"},
      {"test_alone", map({{"equals", 1}}), "needs a `field`"},
      {"bad_field", test("a..b", "exists", true), "no field path"},
      {"unknown_test", test("a", "like", "x"), "is no test; allowed: field with equals"},
      {"equals_list", test("a", "equals", list({1})), "write `in`"},
      {"equals_map", test("a", "equals", map({})), "must be null, true"},
      {"equals_nan", test("a", "equals", 0.0 / 0.0), "nan equals nothing"},
      {"in_scalar", test("a", "in", 1), "list of values"},
      {"in_empty", test("a", "in", list({})), "list of values"},
      {"range_scalar", test("a", "range", 1), "[least, most]"},
      {"range_of_three", test("a", "range", list({1, 2, 3})), "[least, most]"},
      {"range_of_nulls", test("a", "range", list({Setting(), Setting()})), "[least, most]"},
      {"range_of_text", test("a", "range", list({"1", 2})), "must be a number"},
      {"range_backwards", test("a", "range", list({2, 1})), "smaller number comes first"},
      {"prefix_list", test("a", "prefix", list({"x"})), "must be text"},
      {"regex_broken", test("a", "regex", "("), "missing )"},
      {"cidr_broken", test("a", "cidr", "10.0.0.0/64"), "must be an address or a prefix"},
      {"cidr_empty", test("a", "cidr", list({})), "at least one"},
      {"exists_text", test("a", "exists", "yes"), "true or false"},
      {"all_map", map({{"all", map({})}}), "list of conditions"},
      {"any_empty", map({{"any", list({})}}), "list of conditions"},
      {"not_list", map({{"not", list({})}}), "must be a condition like"},
      {"too_deep", deep, "nested over 64"},
  };
  for (const auto& row : rows) {
    const auto predicate = Predicate::parse(row.input);
    ASSERT_FALSE(predicate) << row.name;
    EXPECT_THAT(predicate.error().message, HasSubstr(row.message)) << row.name;
  }
}

TEST_F(PredicateTest, errors_stand_where_the_operand_was_written) {
  Setting operand("(");
  operand.file = "pipeline.yaml";
  operand.line = 7;
  operand.key = "enrichers.geo.when.regex";
  EXPECT_THAT(Predicate::parse(test("a", "regex", operand)).error().to_string(),
              HasSubstr("pipeline.yaml:7: enrichers.geo.when.regex: the regular expression"));
}

}  // namespace
}  // namespace logbraid
