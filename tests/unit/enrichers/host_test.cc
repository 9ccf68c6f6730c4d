#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"

namespace logbraid {
namespace {

using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

std::string host_name() {
  std::array<char, 256> name{};
  EXPECT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  return name.data();
}

TEST(HostTest, adds_the_name_of_the_host_and_the_process) {
  EXPECT_EQ(enrich_one(host_enricher(), "{}", "{}").fields,
            R"({"hostname":")" + host_name() + R"(","pid":)" + std::to_string(::getpid()) + "}");
}

TEST(HostTest, sets_only_what_is_absent_or_null) {
  const struct {
    const char* event;
    std::string fields;
  } rows[] = {
      {R"({"hostname":"web-1","pid":0})", "{}"},
      {R"({"hostname":"","pid":false})", "{}"},
      {R"({"hostname":null,"pid":7})", R"({"hostname":")" + host_name() + "\"}"},
      {R"({"hostname":{},"pid":null})", R"({"pid":)" + std::to_string(::getpid()) + "}"},
  };
  for (const auto& row : rows) {
    const auto enriched = enrich_one(host_enricher(), "{}", row.event);
    EXPECT_EQ(enriched.result, CallResult::ok) << row.event;
    EXPECT_EQ(enriched.fields, row.fields) << row.event;
  }
}

TEST(HostTest, sets_the_fields_that_were_chosen) {
  EXPECT_EQ(enrich_one(host_enricher(), R"({"fields": "hostname"})", "{}").fields,
            R"({"hostname":")" + host_name() + "\"}");
}

TEST(HostTest, reads_what_it_writes) {
  const auto instance = make_enricher(host_enricher(), R"({"fields": ["pid"]})");
  ASSERT_TRUE(instance.has_value());
  ASSERT_EQ(instance->reads.size(), 1u);
  ASSERT_EQ(instance->writes.size(), 1u);
  EXPECT_EQ(instance->reads[0].to_string(), "pid");
  EXPECT_EQ(instance->writes[0].to_string(), "pid");
}

TEST(HostTest, refuses_fields_it_does_not_know) {
  EXPECT_THAT(make_error(host_enricher(), R"({"fields": ["uptime"]})"), HasSubstr("uptime"));
  EXPECT_THAT(make_error(host_enricher(), R"({"fields": []})"), HasSubstr("adds no field"));
  EXPECT_THAT(make_error(host_enricher(), R"({"field": "pid"})"), HasSubstr("fields"));
}

}  // namespace
}  // namespace logbraid
