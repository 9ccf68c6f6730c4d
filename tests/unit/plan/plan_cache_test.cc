#include "logbraid/plan_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/plan/scripted_plan.h"

namespace logbraid::test {
namespace {

TEST(PlanCacheTest, resolves_each_list_of_names_once) {
  Registry registry;
  register_all(registry, {{"a"}, {"b"}});
  PlanCache cache(registry);
  const auto first = cache.get(std::vector<std::string>{"a", "b"});
  const auto again = cache.get(std::vector<std::string>{"a", "b"});
  const auto other = cache.get(std::vector<std::string>{"b", "a"});
  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(*first, *again);
  EXPECT_NE(*first, *other);
}

TEST(PlanCacheTest, a_change_of_the_registry_makes_a_new_plan) {
  Registry registry;
  register_all(registry, {{"a"}});
  PlanCache cache(registry);
  const auto first = cache.get(std::vector<std::string>{"a"});
  register_all(registry, {{"b"}});
  const auto second = cache.get(std::vector<std::string>{"a"});
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ((*second)->generation(), registry.generation());
  EXPECT_LT((*first)->generation(), registry.generation());
}

TEST(PlanCacheTest, names_that_would_read_the_same_when_joined_are_different_plans) {
  Registry registry;
  register_all(registry, {{"a"}, {"b"}, {"a,b"}});
  PlanCache cache(registry);
  EXPECT_EQ((*cache.get(std::vector<std::string>{"a", "b"}))->size(), 2u);
  EXPECT_EQ((*cache.get(std::vector<std::string>{"a,b"}))->size(), 1u);
}

TEST(PlanSnapshotTest, follows_the_registry) {
  Registry registry;
  register_all(registry, {{"a"}});
  PlanCache cache(registry);
  PlanSnapshot snapshot(cache, {"a"});
  const auto first = snapshot.get();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(snapshot.get(), first);
  register_all(registry, {{"b"}});
  EXPECT_NE(snapshot.get(), first);
}

TEST(PlanSnapshotTest, stays_at_the_last_good_plan_and_says_why) {
  Registry registry;
  register_all(registry, {{"a"}});
  PlanCache cache(registry);
  PlanSnapshot snapshot(cache, {"a"});
  const auto good = snapshot.get();
  ASSERT_NE(good, nullptr);
  registry.clear();
  EXPECT_EQ(snapshot.get(), good);
  ASSERT_TRUE(snapshot.error().has_value());
  EXPECT_EQ(snapshot.error()->message, "enricher \"a\" is not registered; there is none");
  register_all(registry, {{"a"}});
  EXPECT_NE(snapshot.get(), good);
  EXPECT_FALSE(snapshot.error().has_value());
}

TEST(PlanSnapshotTest, many_readers_end_on_the_newest_plan_while_others_register) {
  Registry registry;
  register_all(registry, {{"a"}});
  PlanCache cache(registry);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      PlanSnapshot snapshot(cache, {"a"});
      std::uint64_t newest = 0;
      bool is_last = false;
      while (!is_last) {
        is_last = done.load();
        const auto plan = snapshot.get();
        ASSERT_NE(plan, nullptr);
        ASSERT_GE(plan->generation(), newest);
        newest = plan->generation();
      }
      EXPECT_EQ(newest, registry.generation());
    });
  }
  for (int i = 0; i < 200; ++i) register_all(registry, {{"e" + std::to_string(i)}});
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace logbraid::test
