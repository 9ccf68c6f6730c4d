#include "sources/builtin.h"

#include <gtest/gtest.h>

#include "tests/support/plugin_list.h"

namespace logbraid::test {
namespace {

TEST(BuiltinSources, the_list_has_each_file_of_the_folder) {
  EXPECT_EQ(names_of(builtin_sources()), plugin_files("sources", "_source.cc"));
}

TEST(BuiltinSources, each_is_described) { expect_described(builtin_sources()); }

}  // namespace
}  // namespace logbraid::test
