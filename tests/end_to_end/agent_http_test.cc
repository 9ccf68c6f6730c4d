// The http enricher in the agent, against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/end_to_end/agent.h"
#include "tests/support/nginx.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

using ::testing::HasSubstr;

TEST(AgentHttp, adds_what_a_service_says) {
  if (!Nginx::is_installed()) GTEST_SKIP() << "nginx is not installed";
  const Nginx nginx(R"(
    location = /users/1 { return 200 '{"plan":"free","org":{"name":"Example Inc","seats":3}}'; }
    location = /users/2 { return 404; }
    location = /users/3 { return 500; }
  )");
  const TemporaryDirectory directory;
  const std::string config = directory.file("pipeline.yaml", R"(
source: {type: stdin, format: json}
enrichers:
  - name: user
    type: http
    url: )" + nginx.url() + R"(/users/{{id}}
    fields: {user.plan: /plan, user.seats: /org/seats}
    fallback: {user.plan: unknown}
status: {field: _enrichment, when: failed}
sink: {type: stdout}
)");
  const ProcessResult result = run_agent({"run", config}, {.input = R"({"id":1})"
                                                                    "\n"
                                                                    R"({"id":2})"
                                                                    "\n"
                                                                    R"({"id":3})"
                                                                    "\n"
                                                                    R"({"id":"../1"})"
                                                                    "\n"
                                                                    R"({"other":1})"
                                                                    "\n"
                                                                    R"({"id":"1"})"
                                                                    "\n"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"({"id":1,"user":{"plan":"free","seats":3}})"));
  EXPECT_THAT(result.out, HasSubstr("{\"id\":2}\n"));
  EXPECT_THAT(result.out, HasSubstr(R"({"id":3,"user":{"plan":"unknown"})"));
  EXPECT_THAT(result.out, HasSubstr("500 Internal Server Error"));
  EXPECT_THAT(result.out, HasSubstr("{\"other\":1}\n"));
  EXPECT_THAT(result.out, HasSubstr(R"({"id":"1","user":{"plan":"free","seats":3}})"));
  EXPECT_THAT(nginx.log(), HasSubstr("GET /users/..%2F1 "));
}

}  // namespace
}  // namespace logbraid::test
