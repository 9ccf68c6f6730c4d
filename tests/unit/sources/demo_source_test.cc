#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "core/json_text.h"
#include "logbraid/arena.h"
#include "sources/builtin.h"
#include "sources/demo_event.h"
#include "tests/support/plugins.h"

namespace logbraid::test {
namespace {

Setting settings(std::vector<Setting::Member> members) { return Setting::map(std::move(members)); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return lines;
}

// Configurations, docs and other tests lean on these bytes.
TEST(DemoSource, the_first_event_is_as_it_was) {
  std::string event;
  append_demo_event(event, 1, 0);
  EXPECT_EQ(event, R"({"timestamp":"2026-03-10T00:00:00.000Z","level":"INFO","method":"POST",)"
                   R"("path":"/api/v1/cart?uid=4126&item=lamp","status":201,"bytes":2741,)"
                   R"("client_ip":"10.20.30.160",)"
                   R"("user_agent":"ShopApp/5.3.1 (Android 14; Pixel 8) okhttp/4.12.0",)"
                   R"("latency_ms":13.794,"trace_id":"25e5a1f31d0f4d00c89d554e344ebc76",)"
                   R"("span_id":"bc9e9deb3c2aa940"})"
                   "\n");
}

TEST(DemoSource, makes_as_many_as_asked_and_the_same_whatever_the_size_of_a_read) {
  const Setting map = settings({{"count", 300}, {"seed", 7}});
  const std::string whole = read_all(*make(demo_source(), map), 1 << 20);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 300);
  EXPECT_EQ(read_all(*make(demo_source(), map), 13), whole);
  EXPECT_NE(read_all(*make(demo_source(), settings({{"count", 300}, {"seed", 8}}))), whole);
}

TEST(DemoSource, makes_a_thousand_where_nobody_says_how_many) {
  const std::string text = read_all(*make(demo_source()));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
}

TEST(DemoSource, an_event_has_the_fields_of_a_request) {
  std::set<std::string> keys;
  std::set<std::string> levels;
  for (const std::string& line : lines_of(read_all(*make(demo_source())))) {
    for (ObjectWalk walk(line); walk.next();) {
      keys.emplace(walk.raw_key());
      if (walk.key_is("level")) levels.emplace(walk.value());
      if (walk.key_is("path")) {
        EXPECT_NE(walk.value().find("uid="), std::string_view::npos);
      }
    }
  }
  EXPECT_EQ(keys, (std::set<std::string>{"timestamp", "level", "method", "path", "status", "bytes",
                                         "client_ip", "user_agent", "latency_ms", "trace_id",
                                         "span_id"}));
  EXPECT_EQ(levels, (std::set<std::string>{R"("INFO")", R"("WARNING")", R"("ERROR")"}));
}

TEST(DemoSource, keeps_to_its_rate_without_spinning) {
  const auto source = make(demo_source(), settings({{"count", 11}, {"rate", 100}}));
  const auto start = std::chrono::steady_clock::now();
  rusage before;
  ::getrusage(RUSAGE_THREAD, &before);
  const std::string text = read_all(*source);
  rusage after;
  ::getrusage(RUSAGE_THREAD, &after);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
  // A thread that waits is switched out of its own accord; one that spins is not.
  EXPECT_GE(after.ru_nvcsw - before.ru_nvcsw, 5);
}

TEST(DemoSource, an_interrupt_ends_its_wait_at_once) {
  const auto source = make(demo_source(), settings({{"count", 0}, {"rate", 0.0001}}));
  EXPECT_EQ(lines_of(read_some(*source)).size(), 1u);
  std::thread other([&] { source->interrupt(); });
  EXPECT_EQ(read_some(*source), "");  // the next would come in three hours
  other.join();
  EXPECT_EQ(read_some(*source), "");
}

TEST(DemoSource, an_interrupted_endless_source_finishes_its_event) {
  const auto source = make(demo_source(), settings({{"count", 0}}));
  std::string text = read_some(*source, 100);
  ASSERT_EQ(text.size(), 100u);
  source->interrupt();
  text += read_all(*source);
  EXPECT_EQ(text.back(), '\n');
}

TEST(DemoSource, refuses_what_makes_no_sense) {
  for (const auto& [name, value] : std::vector<Setting::Member>{
           {"count", -1}, {"rate", -0.5}, {"rate", "fast"}, {"seed", -1}, {"speed", 3}}) {
    EXPECT_FALSE(try_make(demo_source(), settings({{name, value}}))) << name;
  }
}

}  // namespace
}  // namespace logbraid::test
