// examples/lookups/demo.py judges itself: equal outputs, a breaker that opens and closes, every
// event accounted for.
#include <gtest/gtest.h>

#include "tests/end_to_end/agent.h"
#include "tests/support/dnsmasq.h"
#include "tests/support/nginx.h"
#include "tests/support/redis_server.h"

namespace logbraid::test {
namespace {

TEST(LookupsExample, comes_out_as_it_says) {
  LOGBRAID_NEEDS_REDIS();
  LOGBRAID_NEEDS_DNSMASQ();
  if (!Nginx::is_installed()) GTEST_SKIP() << "nginx is not installed";
  const ProcessResult shown =
      run_process({LOGBRAID_EXAMPLES "/lookups/demo.py", "--seconds", "16", "--rate", "100"},
                  {.environment = {"LOGBRAID=" LOGBRAID_AGENT, "PYTHONDONTWRITEBYTECODE=1"}});
  EXPECT_EQ(shown.code, 0) << shown.out << shown.err;
  EXPECT_NE(shown.out.find("all as it should be"), std::string::npos);
}

}  // namespace
}  // namespace logbraid::test
