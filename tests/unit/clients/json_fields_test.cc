#include "clients/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/json_setting.h"

namespace logbraid {
namespace {

using ::testing::HasSubstr;

TEST(JsonFieldsTest, names_the_place_of_what_is_wrong) {
  const auto message = [](std::string_view json) {
    return JsonFields::parse(test::json_setting(json)).error().message;
  };
  EXPECT_THAT(message("{}"), HasSubstr("write {user.org: /org/name}"));
  EXPECT_THAT(message(R"({"a..b": "/x"})"), HasSubstr("no field path"));
  EXPECT_THAT(message(R"({"a": "x"})"), HasSubstr("begins with a slash"));
  EXPECT_THAT(message(R"({"a": []})"), HasSubstr("must be"));
}

}  // namespace
}  // namespace logbraid
