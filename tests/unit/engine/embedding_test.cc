// The samples of docs/embedding.md: scripts/check_docs.py looks for each of them here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "logbraid/asio.h"
#include "logbraid/engine.h"
#include "logbraid/lifecycle.h"
#include "logbraid/registry.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;

// clang-format off
Result<std::string> first_engine(std::string_view line) {
Registry registry;
const FieldPath level("level");
const FieldPath severity("severity");
auto added = registry.add("severity", [&](const EventView& event, Patch& patch) {
  patch.set(severity, event.get_string(level) == "ERROR" ? 17 : 9);
  return EnrichStatus();
});
if (!added) return added.error();

auto engine = Engine::create(registry, {"severity"});
if (!engine) return engine.error();

auto event = OwnedEvent::from_json(line);
if (!event) return event.error();
auto enriched = (*engine)->enrich(*std::move(event));
if (!enriched) return enriched.error();
return enriched->to_json();
}

std::string outcomes_of(const EnrichedEvent& enriched) {
std::string failed;
for (std::size_t i = 0; i < enriched.enrichers(); ++i) {
  const EnricherOutcome each = enriched.outcome(i);
  if (each.outcome == Outcome::ok) continue;
  failed += std::string(each.enricher) + ": " + std::string(to_string(each.outcome)) + "\n";
}
return failed;
}

// [an asio enricher]
boost::asio::awaitable<EnrichStatus> ask(const EventView& event, Patch& patch) {
  static const FieldPath kUser("user");
  static const FieldPath kPlan("plan");
  boost::asio::steady_timer service(co_await boost::asio::this_coro::executor, 5ms);
  co_await service.async_wait(boost::asio::use_awaitable);
  if (!event.exists(kUser)) co_return EnrichStatus::no_match();
  patch.set(kPlan, "gold");
  co_return EnrichStatus();
}

boost::asio::awaitable<std::string> serve(Engine& engine, std::string line) {
  auto event = OwnedEvent::from_json(line);
  if (!event) co_return event.error().message;
  auto enriched = co_await async_enrich(engine, *std::move(event), boost::asio::use_awaitable);
  if (!enriched) co_return enriched.error().message;
  co_return enriched->to_json();  // on the executor that serve() runs on
}

std::string counted(Engine& engine) {
std::string text;
const EngineMetrics metrics = engine.metrics();
for (const EngineMetrics::Enricher& each : metrics.enrichers) {
  text += each.name + ": " + std::to_string(each.calls()) + " calls, 99 % of them within " +
          std::to_string(each.latency.quantile(0.99) / 1us) + " us\n";
}
return text;
}

class Profiles final : public AsyncEnricher, public AsyncLifecycle, public AsyncHealthCheck {
 public:
  Task<Result<void>> start(AsyncContext& context) override {
    const bool connected = co_await context.sleep(1ms);  // as a client that connects
    if (!connected) co_return Error("told to stop");
    co_return Result<void>();
  }
  Task<Result<void>> check_health(AsyncContext&) override { co_return Result<void>(); }
  Task<Result<void>> stop(AsyncContext&) override { co_return Result<void>(); }

  Task<EnrichStatus> enrich(const EventView&, Patch& patch, AsyncContext&) override {
    static const FieldPath kPlan("plan");
    patch.set(kPlan, "gold");
    co_return EnrichStatus();
  }
};

std::string sick_of(Engine& engine) {
std::string sick;
for (const HealthReport& each : engine.health()) {
  if (!each.healthy) sick += each.enricher + ": " + each.first_error + "\n";
}
return sick;
}

std::string left_behind(Engine& engine) {
std::string left;
CloseReport report = engine.close(5s);
for (const CloseReport::StillRunning& each : report.still_running()) {
  left += std::to_string(each.calls) + " calls of " + each.enricher + " still run\n";
}
return left;
}
// clang-format on

TEST(embedding, the_first_sample_enriches_a_line) {
  EXPECT_EQ(first_engine(R"({"level":"ERROR"})").value(), R"({"level":"ERROR","severity":17})");
  EXPECT_FALSE(first_engine("no JSON").has_value());
}

TEST(embedding, the_samples_for_asio_and_closing_work) {
  boost::asio::io_context mine;
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "plan";
  EnricherInstance instance;
  instance.enricher = asio_enricher(ask);
  ASSERT_TRUE(registry.add(metadata, instance).has_value());
  const auto engine = Engine::create(registry, {"plan"});
  ASSERT_TRUE(engine.has_value());

  auto line =
      boost::asio::co_spawn(mine, serve(**engine, R"({"user":"ann"})"), boost::asio::use_future);
  mine.run();
  EXPECT_EQ(line.get(), R"({"user":"ann","plan":"gold"})");
  EXPECT_EQ(outcomes_of(*(*engine)->enrich(*OwnedEvent::from_json("{}"))), "plan: no_match\n");
  EXPECT_THAT(counted(**engine), testing::ContainsRegex("^plan: 2 calls, 99 % of them within "));
  EXPECT_EQ(left_behind(**engine), "");
}

TEST(embedding, the_samples_of_a_life_cycle_work) {
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "profiles";
  EnricherInstance instance;
  instance.enricher = std::make_shared<Profiles>();
  ASSERT_TRUE(registry.add(metadata, instance).has_value());
  const auto engine = Engine::create(registry, {"profiles"});
  ASSERT_TRUE(engine.has_value());
  EXPECT_EQ(sick_of(**engine), "");
  EXPECT_EQ((*engine)->enrich(*OwnedEvent::from_json("{}"))->to_json(), R"({"plan":"gold"})");
  EXPECT_EQ(left_behind(**engine), "");
}

}  // namespace
}  // namespace logbraid::test
