#include <gtest/gtest.h>

#include "sinks/builtin.h"
#include "tests/support/plugins.h"

namespace logbraid::test {
namespace {

TEST(NullSink, counts_what_it_drops) {
  const auto sink = make(null_sink());
  EXPECT_TRUE(*sink->write("four"));
  EXPECT_TRUE(*sink->write("\n"));
  EXPECT_TRUE(*sink->flush());
  EXPECT_EQ(sink->description(), "null (5 bytes dropped)");
}

}  // namespace
}  // namespace logbraid::test
