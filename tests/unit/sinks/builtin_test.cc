#include "sinks/builtin.h"

#include <gtest/gtest.h>

#include "tests/support/plugin_list.h"

namespace logbraid::test {
namespace {

TEST(BuiltinSinks, the_list_has_each_file_of_the_folder) {
  EXPECT_EQ(names_of(builtin_sinks()), plugin_files("sinks", "_sink.cc"));
}

TEST(BuiltinSinks, each_is_described) { expect_described(builtin_sinks()); }

}  // namespace
}  // namespace logbraid::test
