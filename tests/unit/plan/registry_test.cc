#include "logbraid/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "logbraid/async_context.h"
#include "logbraid/constant_fields.h"
#include "tests/unit/plan/scripted_plan.h"

namespace logbraid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string message_of(const Result<void>& result) {
  return result ? "fine" : result.error().to_string();
}

class Coroutine final : public AsyncEnricher {
 public:
  Task<EnrichStatus> enrich(const EventView&, Patch&, AsyncContext&) override {
    co_return EnrichStatus();
  }
};

EnricherKind pause_kind() {
  EnricherKind kind;
  kind.name = "pause";
  kind.aliases = {"wait"};
  kind.settings = {{.name = "output", .type = SettingType::field, .required = true}};
  kind.make = [](const Settings& settings, const MakeContext&) -> Result<EnricherInstance> {
    EnricherInstance instance;
    instance.enricher = std::make_shared<Coroutine>();
    instance.placement = Placement::async;
    instance.writes = {settings.field("output")};
    return instance;
  };
  return kind;
}

TEST(RegistryTest, a_function_without_metadata_has_the_defaults) {
  Registry registry;
  ASSERT_TRUE(registry.add("plain", nothing()).has_value());
  const auto metadata = registry.metadata("plain");
  ASSERT_NE(metadata, nullptr);
  EXPECT_EQ(metadata->priority, 100);
  EXPECT_TRUE(metadata->dependencies.empty());
  EXPECT_TRUE(metadata->conditions.empty());
  EXPECT_FALSE(metadata->async_capable);
  const auto plan = registry.resolve(std::vector<std::string>{"plain"});
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ((**plan)[0].placement, Placement::automatic);
  EXPECT_EQ((**plan)[0].kind, "");
}

TEST(RegistryTest, lists_names_in_the_order_of_registration_and_forgets_them) {
  Registry registry;
  register_all(registry, {{"b"}, {"a"}});
  EXPECT_THAT(registry.names(), ElementsAre("b", "a"));
  registry.clear();
  EXPECT_TRUE(registry.names().empty());
  EXPECT_EQ(registry.metadata("a"), nullptr);
  EXPECT_EQ(message_of(registry.add("a", nothing())), "fine");
}

TEST(RegistryTest, each_change_raises_the_generation_and_a_refusal_does_not) {
  Registry registry;
  std::uint64_t last = registry.generation();
  const auto raised = [&] { return std::exchange(last, registry.generation()) < last; };
  register_all(registry, {{"a"}});
  EXPECT_TRUE(raised());
  ASSERT_TRUE(registry.add_kind(pause_kind()).has_value());
  EXPECT_TRUE(raised());
  registry.clear();
  EXPECT_TRUE(raised());
  EXPECT_FALSE(registry.add("", nothing()).has_value());
  EXPECT_FALSE(raised());
}

TEST(RegistryTest, refuses_what_cannot_be_an_enricher) {
  Registry registry;
  register_all(registry, {{"a"}});
  EXPECT_EQ(message_of(registry.add("a", nothing())), "enricher \"a\" is registered already");
  EXPECT_EQ(message_of(registry.add("", nothing())), "an enricher needs a name");
  EXPECT_EQ(message_of(registry.add("b", nullptr)), "enricher \"b\" is null");
  EXPECT_EQ(message_of(registry.add(metadata_of({"b"}), EnricherInstance{})),
            "enricher \"b\" is null");
  EnricherMetadata async = metadata_of({"b"});
  async.placement = Placement::async;
  EXPECT_EQ(message_of(registry.add(async, nothing())),
            "enricher \"b\" is no coroutine: it can be placed inline, in the pool or auto");
  EnricherMetadata pool = metadata_of({"b"});
  pool.placement = Placement::pool;
  EnricherInstance coroutine;
  coroutine.enricher = std::make_shared<Coroutine>();
  EXPECT_EQ(message_of(registry.add(pool, coroutine)),
            "enricher \"b\" is a coroutine: it can only be placed async");
  EnricherMetadata lifeless = metadata_of({"b"});
  lifeless.lifecycle.emplace();
  EXPECT_EQ(message_of(registry.add(lifeless, nothing())),
            "enricher \"b\" has nothing to start, check or stop: leave lifecycle out");
}

TEST(RegistryTest, a_coroutine_is_placed_async_and_a_function_where_its_metadata_say) {
  Registry registry;
  EnricherInstance coroutine;
  coroutine.enricher = std::make_shared<Coroutine>();
  ASSERT_TRUE(registry.add(metadata_of({"a"}), coroutine).has_value());
  EnricherMetadata pool = metadata_of({"b"});
  pool.placement = Placement::pool;
  ASSERT_TRUE(registry.add(pool, nothing()).has_value());
  const auto plan = registry.resolve(registry.names());
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ((**plan)[0].placement, Placement::async);
  EXPECT_EQ((**plan)[1].placement, Placement::pool);
}

TEST(RegistryTest, makes_an_instance_of_a_kind_and_knows_what_it_writes) {
  Registry registry;
  ASSERT_TRUE(registry.add_kind(pause_kind()).has_value());
  const Setting settings = Setting::map({{"output", Setting("user.plan")}});
  EXPECT_EQ(message_of(registry.add_instance(metadata_of({"a"}), "wait", settings, {})), "fine");
  register_all(registry, {{.name = "b", .reads = {"user"}}});
  const auto plan = registry.resolve(std::vector<std::string>{"b", "a"});
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(edge_texts(**plan), ElementsAre("a -> b: reads user"));
  EXPECT_EQ((**plan)[0].kind, "pause");
  EXPECT_EQ((**plan)[0].placement, Placement::async);
}

TEST(RegistryTest, names_the_kinds_there_are_where_there_is_none_of_that_name) {
  Registry registry;
  ASSERT_TRUE(registry.add_kind(pause_kind()).has_value());
  EXPECT_THAT(message_of(registry.add_instance(metadata_of({"a"}), "geo", Setting(), {})),
              HasSubstr("enricher \"a\": there is no kind \"geo\"; there are: pause"));
}

TEST(RegistryTest, a_kind_with_open_settings_gets_those_of_any_name) {
  Registry registry;
  EnricherKind kind = pause_kind();
  kind.open_settings = true;
  ASSERT_TRUE(registry.add_kind(kind).has_value());
  const Setting settings = Setting::map({{"output", Setting("a")}, {"version", Setting("1")}});
  EXPECT_EQ(message_of(registry.add_instance(metadata_of({"a"}), "pause", settings, {})), "fine");
}

TEST(RegistryTest, settings_that_the_kind_refuses_are_an_error) {
  Registry registry;
  ASSERT_TRUE(registry.add_kind(pause_kind()).has_value());
  EXPECT_THAT(message_of(registry.add_instance(metadata_of({"a"}), "pause", Setting::map({}), {})),
              HasSubstr("output"));
  EXPECT_TRUE(registry.names().empty());
}

TEST(RegistryTest, a_kind_needs_a_name_of_its_own) {
  Registry registry;
  ASSERT_TRUE(registry.add_kind(pause_kind()).has_value());
  EnricherKind other = pause_kind();
  other.name = "wait";
  other.aliases.clear();
  EXPECT_EQ(message_of(registry.add_kind(other)), "kind \"wait\" is registered already");
  EXPECT_EQ(message_of(registry.add_kind({})), "a kind needs a name and a make()");
  ASSERT_EQ(registry.kinds().size(), 1u);
  EXPECT_EQ(registry.kind("wait")->name, "pause");
}

TEST(RegistryTest, names_that_cannot_be_resolved_are_an_error) {
  Registry registry;
  register_all(registry, {{"a"}, {"b"}});
  const auto unknown = registry.resolve(std::vector<std::string>{"a", "c"});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message, "enricher \"c\" is not registered; there are: a, b");
  const auto twice = registry.resolve(std::vector<std::string>{"a", "a"});
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().message, "enricher \"a\" is listed twice");
}

TEST(RegistryTest, no_names_are_an_empty_plan) {
  Registry registry;
  const auto plan = registry.resolve({});
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ((*plan)->size(), 0u);
  EXPECT_TRUE((*plan)->groups().empty());
}

TEST(RegistryTest, a_plan_outlives_what_it_came_from) {
  std::shared_ptr<const ExecutionPlan> plan;
  {
    Registry registry;
    const auto names =
        register_all(registry, {{.name = "b", .reads = {"x"}}, {.name = "a", .writes = {"x"}}});
    plan = *registry.resolve(names);
  }
  EXPECT_THAT(edge_texts(*plan), ElementsAre("a -> b: reads x"));
  EXPECT_NE(std::get<std::shared_ptr<SyncEnricher>>((*plan)[0].enricher), nullptr);
}

TEST(RegistryTest, a_retry_of_an_inline_enricher_is_refused) {
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "a";
  metadata.retry.retries = 1;
  metadata.placement = Placement::inline_;
  EXPECT_THAT(message_of(registry.add(metadata, nothing())), HasSubstr("\"a\" is placed inline"));
  metadata.placement = Placement::pool;
  EXPECT_EQ(message_of(registry.add(metadata, nothing())), "fine");
}

TEST(RegistryTest, numbers_out_of_their_range_are_refused) {
  Registry registry;
  EnricherMetadata metadata;
  metadata.name = "a";
  metadata.breaker.failure_share = 0;
  EXPECT_EQ(message_of(registry.add(metadata, nothing())),
            "enricher \"a\": failure_share must be a share over 0, at most 1");
  metadata.breaker = {};
  metadata.bulkhead.max_in_flight = 0;
  EXPECT_THAT(message_of(registry.add(metadata, nothing())), HasSubstr("max_in_flight must be"));
  metadata.bulkhead = {};
  metadata.retry.budget = 2;
  EXPECT_THAT(message_of(registry.add(metadata, nothing())), HasSubstr("budget must be"));
}

TEST(RegistryTest, who_reads_a_field_of_a_fallback_runs_after_it) {
  Registry registry;
  auto fields = std::make_shared<ConstantFields>();
  ASSERT_TRUE(fields->add("user.plan", "unknown").has_value());
  EnricherMetadata reader;
  reader.name = "reader";
  reader.reads.emplace_back("user");
  ASSERT_TRUE(registry.add(reader, nothing()).has_value());
  EnricherMetadata user;
  user.name = "user";
  user.fallback = fields;
  ASSERT_TRUE(registry.add(user, nothing()).has_value());
  const std::vector<std::string> names{"reader", "user"};
  EXPECT_THAT(registry.resolve_dependencies(names)->order, ElementsAre("user", "reader"));
}

}  // namespace
}  // namespace logbraid::test
