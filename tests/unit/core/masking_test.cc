#include "core/masking.h"

#include <gtest/gtest.h>

namespace logbraid {
namespace {

TEST(MaskingTest, passwords_of_uris_are_masked_and_nothing_else) {
  const struct {
    const char* input;
    const char* expected;
  } rows[] = {
      {"", ""},
      {"no uri: a:b@c", "no uri: a:b@c"},
      {"redis://host:6379/0", "redis://host:6379/0"},
      {"redis://user@host", "redis://user@host"},
      {"redis://user:pass@host:1/p?a=b#c", "redis://user:***@host:1/p?a=b#c"},
      {"redis://:pass@host", "redis://:***@host"},
      {"redis://u:p@ss@host", "redis://u:***@host"},
      {"redis://u:p/ss@host/x", "redis://u:***@host/x"},
      {"http://h/p?token=abc&x=1", "http://h/p?token=***&x=1"},
      {"http://h?Password=abc", "http://h?Password=***"},
      {"http://h/a@b:c", "http://h/a@b:c"},
      {"from a://u:p@h and b://v:q@i", "from a://u:***@h and b://v:***@i"},
      {"a://", "a://"},
      {"a://u:p w@h", "a://u:***@h"},
      {"a://u:p\"w@h", "a://u:***@h"},
      {"see a://h:80/x then", "see a://h:80/x then"},
      {"a://h/x?y=b@c:d", "a://h/x?y=b@c:d"},
      {"a://u:p@h?x=y://v:q@i", "a://u:***@h?x=y://v:***@i"},
      {"http://h?secret=a?b&x=1#f", "http://h?secret=***&x=1#f"},
      {"http://h?secret=", "http://h?secret=***"},
      {"?token=abc", "?token=abc"},
  };
  for (const auto& row : rows) EXPECT_EQ(mask_passwords(row.input), row.expected) << row.input;
}

}  // namespace
}  // namespace logbraid
