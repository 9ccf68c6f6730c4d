#include "clients/http_origin.h"

#include <gtest/gtest.h>

namespace logbraid {
namespace {

TEST(HttpOriginTest, takes_a_url_apart) {
  const struct {
    const char* url;
    const char* origin;
    const char* name;
    const char* target;
  } rows[] = {
      {"http://users.example", "http://users.example:80", "users.example", "/"},
      {"HTTPS://Users.Example/A?b=C", "https://users.example:443", "users.example", "/A?b=C"},
      {"http://users.example:8080?x", "http://users.example:8080", "users.example:8080", "/?x"},
      {"https://10.0.0.1:443/", "https://10.0.0.1:443", "10.0.0.1", "/"},
      {"http://[2001:DB8::1]:81/a", "http://[2001:db8::1]:81", "[2001:db8::1]:81", "/a"},
      {"http://[::1]", "http://[::1]:80", "[::1]", "/"},
      {"http://a_b.internal./x", "http://a_b.internal.:80", "a_b.internal.", "/x"},
  };
  for (const auto& row : rows) {
    const auto url = HttpUrl::parse(row.url);
    ASSERT_TRUE(url.has_value()) << row.url << ": " << url.error().message;
    EXPECT_EQ(url->origin.url(), row.origin);
    EXPECT_EQ(url->origin.name(), row.name);
    EXPECT_EQ(url->target, row.target);
  }
  const auto with_user = HttpUrl::parse("http://me:p@ss@proxy:3128");
  EXPECT_EQ(with_user->user_info, "me:p@ss");
  EXPECT_EQ(with_user->origin.url(), "http://proxy:3128");
}

TEST(HttpOriginTest, refuses_what_names_no_host) {
  const char* const rows[] = {"",
                              "users.example/x",
                              "ftp://users.example",
                              "http://",
                              "http:///x",
                              "http://?x",
                              "http://a b/",
                              "http://a\r\nb/",
                              "http://m\xc3\xbcller.example",
                              "http://users.example:0",
                              "http://users.example:65536",
                              "http://users.example:",
                              "http://users.example:80x",
                              "http://users.example:-1",
                              "http://[::1",
                              "http://[::1]x",
                              "http://[127.0.0.1]",
                              "http://[fe80::1%25eth0]/",
                              "http://::1/",
                              "http://127.1/",
                              "http://0x7f000001/",
                              "http://2130706433/",
                              "http://1.2.3.256/",
                              "http://users..example",
                              "http://users.example/#part"};
  for (const char* const text : rows) {
    EXPECT_FALSE(HttpUrl::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace logbraid
