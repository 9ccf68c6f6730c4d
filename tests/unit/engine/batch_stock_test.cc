#include "engine/batch_stock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace logbraid::test {
namespace {

constexpr std::size_t kKiB = 1024;

// Room for eight batches; reading goes on with each that leaves.
BatchStock::Bounds bounds(std::uint64_t lines, std::size_t first_need) {
  return {.batches = 8, .go_on_at = 7, .waiting = 8, .lines = lines, .first_need = first_need};
}

// A batch that is under way, as the intake makes it.
std::unique_ptr<Batch> begin(BatchStock& stock) {
  std::unique_ptr<Batch> batch = stock.take();
  stock.begun(1);
  return batch;
}

TEST(BatchStock, charges_a_batch_for_what_it_will_need_when_it_is_taken) {
  MemoryBudget budget(1000 * kKiB);
  BatchStock stock(budget, bounds(1000, 100 * kKiB));
  const auto batch = begin(stock);
  EXPECT_EQ(budget.used(), 100 * kKiB);
  batch->reserve(300 * kKiB);
  stock.grown(*batch);
  EXPECT_GE(budget.used(), 300 * kKiB);
  budget.charge(batch->charged, 0);
}

TEST(BatchStock, one_batch_is_always_taken_whatever_the_budget_says) {
  MemoryBudget budget(1);
  BatchStock stock(budget, bounds(1000, 100 * kKiB));
  for (int i = 0; i < 3; ++i) {
    auto batch = begin(stock);
    EXPECT_TRUE(budget.used_up());
    stock.let_in(1, 1);
    stock.done();
    stock.give_back(std::move(batch));
    EXPECT_EQ(budget.used(), 0u) << "an empty batch is not kept while memory is short";
  }
}

TEST(BatchStock, taking_waits_until_a_batch_has_given_back_its_memory) {
  MemoryBudget budget(150 * kKiB);
  BatchStock stock(budget, bounds(1000, 100 * kKiB));
  auto first = begin(stock);
  std::unique_ptr<Batch> second;
  std::thread waiting([&] { second = stock.take(); });
  first->reserve(10 * kKiB);
  stock.settle(*first, 0);  // it took less than was thought
  stock.done();
  stock.give_back(std::move(first));
  waiting.join();
  EXPECT_NE(second, nullptr);
  EXPECT_LE(budget.peak(), 150 * kKiB);
  budget.charge(second->charged, 0);
}

TEST(BatchStock, expects_as_much_as_the_batches_before_needed) {
  MemoryBudget budget(10'000 * kKiB);
  BatchStock stock(budget, bounds(1000, 10 * kKiB));
  auto large = begin(stock);
  large->reserve(400 * kKiB);
  stock.settle(*large, 100 * kKiB);
  budget.charge(large->charged, 0);
  const auto next = begin(stock);
  EXPECT_GE(next->charged, 500 * kKiB);
  budget.charge(next->charged, 0);
}

TEST(BatchStock, reading_goes_on_when_what_waits_is_let_in_not_when_it_has_left) {
  MemoryBudget budget(1000 * kKiB);
  BatchStock stock(budget, bounds(100, 10 * kKiB));
  const auto first = stock.take();
  stock.begun(250);
  std::unique_ptr<Batch> second;
  std::atomic<std::uint64_t> let_in{0};
  std::thread waiting([&] {
    second = stock.take();
    EXPECT_EQ(let_in, 151u) << "99 wait";
  });
  for (const std::uint64_t lines : {50u, 100u, 1u}) {
    let_in += lines;
    stock.let_in(lines, 0);
  }
  waiting.join();
  budget.charge(first->charged, 0);
  budget.charge(second->charged, 0);
}

TEST(BatchStock, when_it_was_full_reading_goes_on_when_enough_have_left) {
  MemoryBudget budget(1000 * kKiB);
  BatchStock stock(
      budget, {.batches = 3, .go_on_at = 1, .waiting = 8, .lines = 1000, .first_need = 10 * kKiB});
  std::vector<std::unique_ptr<Batch>> under_way;
  for (int i = 0; i < 3; ++i) under_way.push_back(begin(stock));
  std::atomic<int> left{0};
  std::thread waiting([&] {
    under_way.push_back(begin(stock));
    EXPECT_EQ(left, 2) << "one is under way";
  });
  for (int i = 0; i < 2; ++i) {
    ++left;
    stock.done();
  }
  waiting.join();
  // It was not full since: the next one comes at once.
  under_way.push_back(begin(stock));
  for (const auto& batch : under_way) budget.charge(batch->charged, 0);
}

TEST(BatchStock, batches_with_lines_that_wait_are_bounded_and_those_without_are_not) {
  MemoryBudget budget(1000 * kKiB);
  BatchStock stock(
      budget,
      {.batches = 100, .go_on_at = 99, .waiting = 2, .lines = 1000, .first_need = 10 * kKiB});
  std::vector<std::unique_ptr<Batch>> under_way;
  for (int i = 0; i < 10; ++i) {
    under_way.push_back(begin(stock));
    stock.let_in(1, 1);
  }
  under_way.push_back(begin(stock));
  under_way.push_back(begin(stock));
  std::atomic<bool> let_in{false};
  std::thread waiting([&] {
    under_way.push_back(stock.take());
    EXPECT_TRUE(let_in);
  });
  let_in = true;
  stock.let_in(1, 1);
  waiting.join();
  for (const auto& batch : under_way) budget.charge(batch->charged, 0);
}

TEST(BatchStock, nothing_is_charged_when_it_ends) {
  MemoryBudget budget(1000 * kKiB);
  {
    BatchStock stock(budget, bounds(1000, 10 * kKiB));
    auto batch = begin(stock);
    batch->reserve(20 * kKiB);
    stock.give_back(std::move(batch));
    EXPECT_GT(budget.used(), 0u) << "memory that is kept warm counts";
  }
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace logbraid::test
