#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/plan/scripted_plan.h"

namespace logbraid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::shared_ptr<const ExecutionPlan> must_plan(const std::vector<Scripted>& enrichers,
                                               const PlanOptions& options = {}) {
  auto plan = plan_of(enrichers, options);
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().message);
  return plan ? *plan : nullptr;
}

struct EdgeRow {
  const char* name;
  std::vector<Scripted> enrichers;
  std::vector<std::string> edges;
};

TEST(ResolverTest, draws_an_edge_for_each_cause) {
  const EdgeRow rows[] = {
      {"nothing declared", {{"a"}, {"b"}}, {}},
      {"dependencies", {{"b", {"a"}}, {"a"}}, {"a -> b: dependencies"}},
      {"requires beats dependencies",
       {{"a"}, {.name = "b", .dependencies = {"a"}, .required = {"a"}}},
       {"a -> b: requires"}},
      {"declared beats reads",
       {{.name = "a", .writes = {"x"}}, {.name = "b", .dependencies = {"a"}, .reads = {"x"}}},
       {"a -> b: dependencies"}},
      {"the same field",
       {{.name = "b", .reads = {"user.id"}}, {.name = "a", .writes = {"user.id"}}},
       {"a -> b: reads user.id"}},
      {"a part of what is read",
       {{.name = "b", .reads = {"user"}}, {.name = "a", .writes = {"user.id"}}},
       {"a -> b: reads user"}},
      {"below what is written",
       {{.name = "b", .reads = {"user.id.x"}}, {.name = "a", .writes = {"user.id"}}},
       {"a -> b: reads user.id.x"}},
      {"beside what is written",
       {{.name = "b", .reads = {"user.name", "users"}}, {.name = "a", .writes = {"user.id"}}},
       {}},
      {"a literal dot is no step",
       {{.name = "b", .reads = {"user\\.id"}}, {.name = "a", .writes = {"user.id"}}},
       {}},
      {"reads and writes one field", {{.name = "a", .reads = {"x"}, .writes = {"x"}}}, {}},
      {"reads what it writes above", {{.name = "a", .reads = {"x.y"}, .writes = {"x"}}}, {}},
      {"after every writer",
       {{.name = "r", .reads = {"x"}},
        {.name = "a", .writes = {"x"}},
        {.name = "b", .writes = {"x"}}},
       {"a -> r: reads x", "b -> r: reads x"}},
      {"those that rewrite stand between, by priority",
       {{.name = "r", .reads = {"x"}},
        {.name = "late", .reads = {"x"}, .writes = {"x"}},
        {.name = "early", .reads = {"x"}, .writes = {"x"}, .priority = 10},
        {.name = "w", .writes = {"x"}, .priority = 500}},
       {"w -> early: reads x", "early -> late: reads x", "late -> r: reads x"}},
      {"those that rewrite, in the order declared",
       {{.name = "a", .dependencies = {"b"}, .reads = {"x"}, .writes = {"x"}},
        {.name = "b", .reads = {"x"}, .writes = {"x"}}},
       {"b -> a: dependencies"}},
      {"a part rewritten before and after the whole",
       {{.name = "a", .reads = {"u.id"}, .writes = {"u.id"}},
        {.name = "b", .reads = {"u"}, .writes = {"u"}},
        {.name = "c", .reads = {"u.id"}, .writes = {"u.id"}}},
       {"a -> b: reads u", "a -> c: reads u.id", "b -> c: reads u.id"}},
  };
  for (const EdgeRow& row : rows) {
    SCOPED_TRACE(row.name);
    const auto plan = must_plan(row.enrichers);
    ASSERT_NE(plan, nullptr);
    EXPECT_THAT(edge_texts(*plan), ::testing::UnorderedElementsAreArray(row.edges));
  }
}

TEST(ResolverTest, declared_order_beats_what_is_read) {
  const auto plan = must_plan(
      {{.name = "a", .dependencies = {"b"}, .writes = {"x"}}, {.name = "b", .reads = {"x"}}});
  EXPECT_THAT(edge_texts(*plan), ElementsAre("b -> a: dependencies"));
  EXPECT_THAT(plan->warnings(), IsEmpty());
}

TEST(ResolverTest, declared_order_beats_what_is_read_over_several_steps) {
  const auto plan = must_plan({{.name = "last", .dependencies = {"middle"}, .writes = {"x"}},
                               {.name = "middle", .dependencies = {"first"}},
                               {.name = "first", .reads = {"x"}}});
  EXPECT_THAT(edge_texts(*plan), UnorderedElementsAre("first -> middle: dependencies",
                                                      "middle -> last: dependencies"));
  EXPECT_THAT(plan->warnings(), IsEmpty());
}

TEST(ResolverTest, two_that_read_from_each_other_go_by_priority_with_a_warning) {
  const auto plan = must_plan({{.name = "a", .reads = {"y"}, .writes = {"x"}},
                               {.name = "b", .reads = {"x"}, .writes = {"y"}, .priority = 50}});
  EXPECT_THAT(edge_texts(*plan), ElementsAre("b -> a: reads y"));
  EXPECT_THAT(plan->warnings(),
              ElementsAre(HasSubstr("b reads x, which a writes, and the other way round: b goes "
                                    "first, by priority")));
}

TEST(ResolverTest, two_that_read_from_each_other_go_as_listed) {
  const auto plan = must_plan({{.name = "a", .reads = {"y"}, .writes = {"x"}},
                               {.name = "b", .reads = {"x"}, .writes = {"y"}}});
  EXPECT_THAT(edge_texts(*plan), ElementsAre("a -> b: reads x"));
}

TEST(ResolverTest, an_inferred_ring_is_cut_before_its_first_by_priority) {
  const auto plan = must_plan({{.name = "a", .reads = {"c"}, .writes = {"a"}},
                               {.name = "b", .reads = {"a"}, .writes = {"b"}, .priority = 50},
                               {.name = "c", .reads = {"b"}, .writes = {"c"}}});
  EXPECT_THAT(group_names(*plan),
              ElementsAre(ElementsAre("b"), ElementsAre("c"), ElementsAre("a")));
  EXPECT_THAT(plan->warnings(),
              ElementsAre(HasSubstr("form a ring: b -> a -> c -> b; b goes first")));
}

TEST(ResolverTest, a_ring_of_both_kinds_keeps_what_is_declared) {
  const auto plan = must_plan({{.name = "a", .reads = {"c"}},
                               {.name = "b", .dependencies = {"a"}, .writes = {"b"}},
                               {.name = "c", .reads = {"b"}, .writes = {"c"}}});
  EXPECT_THAT(edge_texts(*plan), UnorderedElementsAre("a -> b: dependencies", "b -> c: reads b"));
  EXPECT_THAT(plan->warnings(), ElementsAre(HasSubstr("a -> c -> b -> a")));
}

TEST(ResolverTest, a_declared_ring_is_an_error_that_prints_it) {
  struct Row {
    const char* name;
    std::vector<Scripted> enrichers;
    const char* expected;
  };
  const Row rows[] = {
      {"itself", {{"a", {"a"}}}, "each depends on the next: a -> a;"},
      {"two", {{"x"}, {"a", {"b", "x"}}, {"b", {"a"}}}, ": a -> b -> a;"},
      {"three", {{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}, ": a -> b -> c -> a;"},
      {"seen from behind it",
       {{"behind", {"b"}}, {"b", {"c"}}, {"c", {"b"}}},
       ": b -> c -> b; remove one of them or set cycles: by_priority (in other rings or behind "
       "one: behind)"},
      {"requires", {{.name = "a", .required = {"b"}}, {"b", {"a"}}}, ": a -> b -> a;"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto plan = plan_of(row.enrichers);
    ASSERT_FALSE(plan.has_value());
    EXPECT_THAT(plan.error().message, HasSubstr(row.expected));
  }
}

TEST(ResolverTest, a_declared_ring_goes_by_priority_where_that_is_asked_for) {
  PlanOptions options;
  options.cycles_by_priority = true;
  const auto plan = must_plan({{.name = "a", .dependencies = {"b"}, .priority = 30},
                               {.name = "b", .dependencies = {"c"}, .priority = 20},
                               {.name = "c", .dependencies = {"a"}, .priority = 10},
                               {.name = "d", .dependencies = {"d", "a"}, .priority = 1}},
                              options);
  EXPECT_THAT(group_names(*plan),
              ElementsAre(ElementsAre("c"), ElementsAre("b"), ElementsAre("a"), ElementsAre("d")));
  EXPECT_THAT(plan->warnings(),
              UnorderedElementsAre(HasSubstr("a -> b -> c -> a; it is cut by priority"),
                                   HasSubstr("d -> d; it is cut by priority")));
}

TEST(ResolverTest, a_dependency_that_is_not_enabled_is_ignored) {
  Registry registry;
  register_all(registry, {{"a"}, {"b", {"a"}}});
  const auto plan = registry.resolve(std::vector<std::string>{"b"});
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(group_names(**plan), ElementsAre(ElementsAre("b")));
  EXPECT_THAT((*plan)->warnings(), IsEmpty());
}

TEST(ResolverTest, a_dependency_that_nobody_registered_is_a_warning_or_with_strict_an_error) {
  const std::vector<Scripted> enrichers = {{"b", {"nobody"}}};
  EXPECT_THAT(must_plan(enrichers)->warnings(),
              ElementsAre("b depends on nobody, which is not registered"));
  PlanOptions strict;
  strict.strict = true;
  const auto plan = plan_of(enrichers, strict);
  ASSERT_FALSE(plan.has_value());
  EXPECT_EQ(plan.error().message, "b depends on nobody, which is not registered");
}

TEST(ResolverTest, two_writers_without_an_order_are_a_warning) {
  const auto plan = must_plan({{.name = "a", .writes = {"x"}}, {.name = "b", .writes = {"x"}}});
  EXPECT_THAT(plan->warnings(), ElementsAre(HasSubstr("a and b write x, and neither runs after the "
                                                      "other: b, later in the plan, wins")));
}

TEST(ResolverTest, writers_of_a_whole_and_a_part_without_an_order_are_a_warning) {
  const auto plan = must_plan({{.name = "a", .writes = {"x.y"}}, {.name = "b", .writes = {"x"}}});
  EXPECT_THAT(plan->warnings(), ElementsAre(HasSubstr("a writes x.y and b writes x, and neither")));
}

TEST(ResolverTest, writers_with_an_order_are_no_warning) {
  const auto plan = must_plan({{.name = "a", .writes = {"x", "z.a"}},
                               {"between", {"a"}},
                               {.name = "b", .dependencies = {"between"}, .writes = {"x", "z.b"}}});
  EXPECT_THAT(plan->warnings(), IsEmpty());
}

TEST(ResolverTest, an_order_of_those_that_rewrite_that_nobody_declared_is_a_warning) {
  const auto plan = must_plan({{.name = "a", .reads = {"m", "n"}, .writes = {"m", "n"}},
                               {.name = "b", .reads = {"m", "n"}, .writes = {"m", "n"}}});
  EXPECT_THAT(plan->warnings(), ElementsAre(HasSubstr("a and b read and write m and n: they run in "
                                                      "this order, by priority")));
  const auto declared =
      must_plan({{.name = "a", .reads = {"m"}, .writes = {"m"}},
                 {.name = "b", .dependencies = {"a"}, .reads = {"m"}, .writes = {"m"}}});
  EXPECT_THAT(declared->warnings(), IsEmpty());
}

TEST(ResolverTest, what_when_reads_counts) {
  Setting when = Setting::map({{"field", Setting("user.id")}, {"exists", Setting(true)}});
  EnricherMetadata reader;
  reader.name = "reader";
  reader.when = *Predicate::parse(when);
  Registry registry;
  ASSERT_TRUE(registry.add(reader, nothing()).has_value());
  const auto names = register_all(registry, {{.name = "writer", .writes = {"user"}}});
  const auto plan = registry.resolve(std::vector<std::string>{"reader", "writer"});
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(edge_texts(**plan), ElementsAre("writer -> reader: reads user.id"));
}

TEST(ResolverTest, leaves_out_what_no_event_can_switch_on_and_what_requires_it) {
  Registry registry;
  EnricherMetadata geo = metadata_of({"geo"});
  geo.conditions.environment = {"production"};
  ASSERT_TRUE(registry.add(geo, nothing()).has_value());
  register_all(registry, {{.name = "risk", .required = {"geo"}},
                          {.name = "score", .required = {"risk"}},
                          {.name = "after", .dependencies = {"geo"}},
                          {.name = "alone", .required = {"nobody"}}});
  const auto plan = registry.resolve(registry.names());
  ASSERT_TRUE(plan.has_value());
  EXPECT_THAT(group_names(**plan), ElementsAre(ElementsAre("after")));
  std::vector<std::string> disabled;
  for (const DisabledEnricher& one : (*plan)->disabled()) {
    disabled.push_back(one.name + ": " + one.because);
  }
  EXPECT_THAT(disabled, ElementsAre("geo: environment is development, not production",
                                    "risk: requires geo, which is disabled",
                                    "score: requires risk, which is disabled",
                                    "alone: requires nobody, which is not enabled"));
  EXPECT_THAT((*plan)->warnings(), ElementsAre("alone requires nobody, which is not registered"));
}

TEST(ResolverTest, places_nodes_in_plan_order_with_their_neighbours) {
  const auto plan = must_plan(
      {{"c", {"a", "b"}}, {.name = "b", .required = {"a"}}, {"a"}, {.name = "d", .priority = 1}});
  ASSERT_EQ(plan->size(), 4u);
  const auto nodes = plan->nodes();
  EXPECT_THAT(group_names(*plan),
              ElementsAre(ElementsAre("d", "a"), ElementsAre("b"), ElementsAre("c")));
  EXPECT_EQ(nodes[3].level, 2u);
  EXPECT_THAT(nodes[3].dependencies, ElementsAre(1u, 2u));
  EXPECT_THAT(nodes[3].required, IsEmpty());
  EXPECT_THAT(nodes[2].required, ElementsAre(1u));
  EXPECT_THAT(nodes[1].dependents, ElementsAre(2u, 3u));
  EXPECT_FALSE(plan->is_ancestor(0, 3));
  EXPECT_TRUE(plan->is_ancestor(1, 3));
  EXPECT_FALSE(plan->is_ancestor(3, 1));
  EXPECT_EQ(plan->ancestors(0).word_count, 0u);
  EXPECT_EQ(plan->ancestors(3).words[0], 0b110u);
}

std::vector<Scripted> many(std::size_t count, void (*shape)(Scripted&, std::size_t)) {
  std::vector<Scripted> enrichers(count);
  for (std::size_t i = 0; i < count; ++i) {
    enrichers[i].name = "e" + std::to_string(i);
    shape(enrichers[i], i);
  }
  return enrichers;
}

TEST(ResolverTest, ten_thousand_that_rewrite_one_field_are_a_chain) {
  const auto plan = must_plan(many(10'000, [](Scripted& scripted, std::size_t) {
    scripted.reads = {"message"};
    scripted.writes = {"message"};
  }));
  ASSERT_EQ(plan->groups().size(), 10'000u);
  EXPECT_EQ(plan->edges().size(), 9'999u);
  EXPECT_EQ((*plan)[9'999].name, "e9999");
  EXPECT_TRUE(plan->is_ancestor(0, 9'999));
}

TEST(ResolverTest, ten_thousand_independent_ones_are_one_group) {
  const auto plan = must_plan(many(10'000, [](Scripted& scripted, std::size_t i) {
    scripted.reads = {"input"};
    scripted.writes = {"out.f" + std::to_string(i)};
  }));
  ASSERT_EQ(plan->groups().size(), 1u);
  EXPECT_THAT(plan->warnings(), IsEmpty());
}

TEST(ResolverTest, a_chain_of_ten_thousand_needs_no_deep_stack) {
  const auto shape = [](Scripted& scripted, std::size_t i) {
    scripted.dependencies = {"e" + std::to_string((i + 1) % 10'000)};
  };
  auto chain = many(10'000, shape);
  const auto ring = plan_of(chain);
  ASSERT_FALSE(ring.has_value());
  EXPECT_THAT(ring.error().message, HasSubstr("e0 -> e1 -> e2 -> "));
  EXPECT_LT(ring.error().message.size(), 10'000u);
  chain.back().dependencies.clear();
  const auto plan = must_plan(chain);
  ASSERT_EQ(plan->groups().size(), 10'000u);
  EXPECT_EQ((*plan)[0].name, "e9999");
}

TEST(ResolverTest, compatible_with_fapilog_each_sees_all_that_ran_before) {
  const auto plan = must_plan({{.name = "late", .dependencies = {"a"}, .writes = {"x"}},
                               {"a"},
                               {.name = "b", .reads = {"x"}, .priority = 5}},
                              {.compat = Compat::fapilog});
  EXPECT_THAT(group_names(*plan),
              ElementsAre(ElementsAre("b"), ElementsAre("a"), ElementsAre("late")));
  EXPECT_THAT(edge_texts(*plan), ElementsAre("b -> a: compat", "a -> late: dependencies"));
  EXPECT_TRUE(plan->is_ancestor(0, 2));
  EXPECT_FALSE(plan->is_ancestor(2, 0));
}

TEST(ResolverTest, compatible_with_fapilog_a_ring_is_cut_by_priority) {
  const std::vector<Scripted> ring = {{"a", {"b"}},
                                      {.name = "b", .dependencies = {"a"}, .priority = 5}};
  ASSERT_FALSE(plan_of(ring).has_value());
  const auto plan = must_plan(ring, {.compat = Compat::fapilog});
  EXPECT_EQ((*plan)[0].name, "b");
  EXPECT_EQ(plan->warnings().size(), 1u);
}

TEST(ResolverTest, compatible_with_fapilog_ten_thousand_are_a_chain) {
  const auto plan =
      must_plan(many(10'000, [](Scripted&, std::size_t) {}), {.compat = Compat::fapilog});
  EXPECT_EQ(plan->edges().size(), 9'999u);
  EXPECT_TRUE(plan->is_ancestor(0, 9'999));
}

TEST(ResolverTest, an_inferred_ring_of_ten_thousand_is_cut_once) {
  const auto plan = must_plan(many(10'000, [](Scripted& scripted, std::size_t i) {
    scripted.reads = {"f" + std::to_string(i)};
    scripted.writes = {"f" + std::to_string((i + 1) % 10'000)};
  }));
  EXPECT_EQ(plan->edges().size(), 9'999u);
  ASSERT_EQ(plan->warnings().size(), 1u);
  EXPECT_LT(plan->warnings()[0].size(), 1'000u);
}

TEST(ResolverTest, a_tangle_of_ten_thousand_still_has_an_order) {
  const auto plan = must_plan(many(10'000, [](Scripted& scripted, std::size_t i) {
    scripted.reads = {"f" + std::to_string(i * 7919 % 101)};
    scripted.writes = {"f" + std::to_string(i * 104729 % 103 % 101)};
  }));
  EXPECT_EQ(plan->size(), 10'000u);
  EXPECT_THAT(plan->warnings(), ::testing::Contains(HasSubstr("tangled")));
}

TEST(ResolverTest, refuses_more_edges_than_memory_is_worth) {
  const auto plan = plan_of(many(5'000, [](Scripted& scripted, std::size_t i) {
    (i % 2 == 0 ? scripted.reads : scripted.writes) = {"x"};
  }));
  ASSERT_FALSE(plan.has_value());
  EXPECT_THAT(plan.error().message, HasSubstr("4,000,000 edges"));
}

}  // namespace
}  // namespace logbraid::test
