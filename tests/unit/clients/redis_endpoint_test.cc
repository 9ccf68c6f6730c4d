#include "clients/redis_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace logbraid {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const RedisUrl& url) {
  const RedisEndpoint& at = url.endpoint;
  return (at.tls ? "tls " : "") + at.name() + " user=" + at.user + " password=" + at.password +
         " db=" + std::to_string(at.database) + " prefix=" + url.prefix;
}

TEST(RedisUrlTest, reads_what_a_url_says) {
  const std::pair<const char*, const char*> rows[] = {
      {"redis://host", "host:6379 user= password= db=0 prefix="},
      {"redis://host/", "host:6379 user= password= db=0 prefix="},
      {"redis://host:7000/3", "host:7000 user= password= db=3 prefix="},
      {"rediss://host", "tls host:6379 user= password= db=0 prefix="},
      {"redis://:secret@host", "host:6379 user= password=secret db=0 prefix="},
      {"redis://ann:s%40c%2fret@host", "host:6379 user=ann password=s@c/ret db=0 prefix="},
      {"redis://ann:a@b@host", "host:6379 user=ann password=a@b db=0 prefix="},
      {"redis://[2001:db8::1]:7000", "[2001:db8::1]:7000 user= password= db=0 prefix="},
      {"redis://[::1]", "[::1]:6379 user= password= db=0 prefix="},
      {"redis://host/1?prefix=user:&db=2", "host:6379 user= password= db=2 prefix=user:"},
      {"redis://host?prefix=a%26b%3D", "host:6379 user= password= db=0 prefix=a&b="},
      {"unix:///run/redis.sock?db=4&prefix=u", "/run/redis.sock user= password= db=4 prefix=u"},
      {"unix://:pw@/run/my%20redis", "/run/my redis user= password=pw db=0 prefix="},
  };
  for (const auto& [text, read] : rows) {
    const auto url = RedisUrl::parse(text);
    ASSERT_TRUE(url) << text << url.error().message;
    EXPECT_EQ(text_of(*url), read) << text;
  }
}

TEST(RedisUrlTest, says_what_would_be_right) {
  const std::pair<std::string, const char*> rows[] = {
      {"host:6379", "no URL"},
      {"http://host", "\"http\" is no scheme of Redis"},
      {"redis://", "the host is missing"},
      {"redis://:6379", "the host is missing"},
      {"redis://host:0", "\"0\" is no port"},
      {"redis://host:65536", "\"65536\" is no port"},
      {"redis://host:x", "\"x\" is no port"},
      {"redis://[::1", "a bracket is open"},
      {"redis://[::1]x", "something stands behind the bracket"},
      {"redis://host/x", "the number of a database"},
      {"redis://host?db=-1", "db is no number"},
      {"redis://host?database=1", "the query has \"database\"; known are db and prefix"},
      {"redis://host?prefix", "not name=value"},
      {"redis://host?prefix=%4", "not name=value"},
      {"redis://ann@host", "a user without password"},
      {"redis://ann:@host", "the password is empty"},
      {"redis://ann:%zz@host", "within a %XX"},
      {"unix://run/redis.sock", "a third slash"},
      {"unix://", "the path of the socket is missing"},
      {"unix:///" + std::string(108, 'x'), "over 107 bytes"},
      {"unix:///run/a%00b", "a NUL in it"},
  };
  for (const auto& [text, why] : rows) {
    const auto url = RedisUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_THAT(url.error().message, HasSubstr(why)) << text;
    EXPECT_THAT(url.error().message, HasSubstr("unix:///run/redis.sock?db=0"));
  }
  EXPECT_THAT(RedisUrl::parse("redis://ann:secret@host:x").error().message,
              Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace logbraid
