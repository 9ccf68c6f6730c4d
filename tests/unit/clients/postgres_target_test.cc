#include "clients/postgres_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "clients/postgres_failure.h"

namespace logbraid {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::string value_of(const PostgresTarget::Parameters& parameters, const std::string& keyword) {
  for (const auto& [known, value] : parameters) {
    if (known == keyword) return value;
  }
  return "(unset)";
}

TEST(postgres_target, is_read_from_a_url_or_from_pairs) {
  const struct {
    const char* url;
    const char* password;
    const char* name;
    const char* secret;
  } rows[] = {
      {"postgresql://u:p%40ss@127.0.0.1:6432/shop?sslmode=require", "", "127.0.0.1:6432/shop",
       "p@ss"},
      {"postgres://u@127.0.0.1/shop", "a b'c", "127.0.0.1:5432/shop", "a b'c"},
      {"host=127.0.0.1 port=7 user=u dbname=shop", "x", "127.0.0.1:7/shop", "x"},
      {"postgresql://u@127.0.0.1", "", "127.0.0.1:5432/u", "(unset)"},
      {"postgresql://u@/shop?host=/run/postgresql", "", "/run/postgresql:5432/shop", "(unset)"},
  };
  for (const auto& row : rows) {
    const auto target = PostgresTarget::parse(row.url, row.password);
    ASSERT_TRUE(target.has_value()) << row.url << target.error().message;
    EXPECT_EQ(target->name(), row.name);
    EXPECT_EQ(value_of(target->session(seconds(1)), "password"), row.secret);
  }
}

TEST(postgres_target, says_what_is_wrong_and_never_the_password) {
  const struct {
    const char* url;
    const char* says;
  } rows[] = {
      {"", "names no host"},
      {"postgresql://u:geheim@/shop", "names no host"},
      {"postgresql://127.0.0.1/shop", "names no user"},
      {"host=127.0.0.1 user=u password=geheim", "setting `password`"},
      {"host=127.0.0.1 user=u password=geheim extra", "in connection info string"},
      {"postgresql://u:geheim%zz@127.0.0.1/shop", "invalid percent-encoded token"},
      {"postgresql://u:geheim@127.0.0.1/shop?sslmod=require", "\"sslmod\""},
      {"postgresql://u:geheim@[::1/shop", "when looking for matching"},
      {"host=127.0.0.1,127.0.0.2,127.0.0.3 port=1,2 user=u", "ports"},
  };
  for (const auto& row : rows) {
    const auto target = PostgresTarget::parse(row.url, "");
    ASSERT_FALSE(target.has_value()) << row.url;
    EXPECT_THAT(target.error().message, HasSubstr(row.says)) << row.url;
    EXPECT_THAT(target.error().message, Not(HasSubstr("geheim"))) << row.url;
  }
}

TEST(postgres_target, knows_which_hosts_are_names) {
  const auto target = PostgresTarget::parse(
      "host=db.example,127.0.0.1,::1,fe80::1%eth0,/run/postgresql port=1,2,3,4,5 user=u", "");
  ASSERT_TRUE(target.has_value()) << target.error().message;
  std::string all;
  for (const PostgresTarget::Host& host : target->hosts()) {
    all += host.name + ' ' + host.address + ' ' + host.port + (host.is_name ? " name\n" : "\n");
  }
  EXPECT_EQ(all,
            "db.example  1 name\n127.0.0.1 127.0.0.1 2\n::1 ::1 3\n"
            "fe80::1%eth0 fe80::1%eth0 4\n/run/postgresql  5\n");
  EXPECT_EQ(target->name(), "db.example:1/u");
  const auto session = target->session(seconds(1));
  for (const char* const keyword : {"host", "hostaddr", "port"}) {
    EXPECT_EQ(value_of(session, keyword), "(unset)");
  }
}

TEST(postgres_target, takes_addresses_that_are_given_as_they_are) {
  const auto target =
      PostgresTarget::parse("postgresql://u@db.example:7/shop?hostaddr=192.0.2.1", "");
  ASSERT_TRUE(target.has_value()) << target.error().message;
  EXPECT_TRUE(target->hosts().empty());
  const auto session = target->session(seconds(1));
  EXPECT_EQ(value_of(session, "host"), "db.example");
  EXPECT_EQ(value_of(session, "hostaddr"), "192.0.2.1");
  EXPECT_EQ(value_of(session, "port"), "7");
}

TEST(postgres_target, differs_where_a_host_or_a_port_does) {
  const auto identity = [](const char* url) {
    return PostgresTarget::parse(url, "").value().identity();
  };
  EXPECT_NE(identity("postgresql://u@a.example/d"), identity("postgresql://u@b.example/d"));
  EXPECT_NE(identity("postgresql://u@a.example:1/d"), identity("postgresql://u@a.example:2/d"));
  EXPECT_EQ(identity("postgresql://u@a.example:1/d"), identity("postgresql://u@a.example:1/d"));
}

TEST(postgres_target, makes_sessions_that_read_only_and_end_in_time) {
  const auto target = PostgresTarget::parse(
      "postgresql://u@127.0.0.1/shop?options=-c%20default_transaction_read_only%3Doff", "");
  ASSERT_TRUE(target.has_value()) << target.error().message;
  EXPECT_THAT(
      value_of(target->session(microseconds(1500)), "options"),
      testing::EndsWith(
          "=off -c default_transaction_read_only=on -c DateStyle=ISO -c statement_timeout=2"));
  EXPECT_THAT(value_of(target->session(Duration::zero()), "options"),
              testing::EndsWith("statement_timeout=1"));
}

TEST(postgres_target, does_not_depend_on_the_environment) {
  ::setenv("PGSSLMODE", "disable", 1);
  ::setenv("PGPORT", "9", 1);
  const auto target = PostgresTarget::parse("postgresql://u@127.0.0.1/shop", "");
  ::unsetenv("PGSSLMODE");
  ::unsetenv("PGPORT");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->hosts().at(0).port, "5432");
  EXPECT_EQ(value_of(target->session(seconds(1)), "sslmode"), "prefer");
}

TEST(postgres_failure, is_judged_by_its_state) {
  const std::pair<const char*, RequestError> rows[] = {
      {"57014", RequestError::timeout},    {"57P01", RequestError::transport},
      {"57P03", RequestError::overloaded}, {"53300", RequestError::overloaded},
      {"40001", RequestError::overloaded}, {"22P02", RequestError::bad_request},
      {"42P01", RequestError::refused},    {"25006", RequestError::refused},
      {"08006", RequestError::transport},  {"08P01", RequestError::refused},
      {"XX000", RequestError::refused},
  };
  for (const auto& [state, error] : rows) EXPECT_EQ(postgres_error(state), error) << state;
}

TEST(postgres_failure, of_a_connection_is_read_from_its_message) {
  const struct {
    const char* message;
    RequestError error;
    const char* why;
  } rows[] = {
      {"connection to server at \"::1\", port 5432 failed: FATAL:  57P03: the database system is "
       "starting up\nLOCATION:  x\n",
       RequestError::overloaded, "the database system is starting up (57P03)"},
      {"connection to server at \"::1\" failed: FATAL:  28P01: password authentication failed for "
       "user \"u\"\n",
       RequestError::refused, "password authentication failed for user \"u\" (28P01)"},
      {"connection to server at \"::1\", port 1 failed: Connection refused\n\tIs the server ...\n",
       RequestError::transport,
       "connection to server at \"::1\", port 1 failed: Connection refused"},
      {"lost synchronization with server: got message type \"x\", length 1\n",
       RequestError::malformed,
       "lost synchronization with server: got message type \"x\", length 1"},
      {"a:  57P0", RequestError::transport, "a:  57P0"},
      {"\x1b[31mred\tand\xff", RequestError::transport, " [31mred and\uFFFD"},
      {"", RequestError::transport, ""},
  };
  for (const auto& row : rows) {
    const PostgresFailure failure = connection_failure(row.message);
    EXPECT_EQ(failure.error, row.error) << row.message;
    EXPECT_EQ(failure.why, row.why);
  }
}

}  // namespace
}  // namespace logbraid
