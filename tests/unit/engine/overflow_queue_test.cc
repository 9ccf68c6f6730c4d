#include "engine/overflow_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "format/json_reader.h"
#include "tests/support/reading.h"

namespace logbraid::test {
namespace {

class OverflowQueueTest : public ::testing::Test {
 protected:
  OverflowQueue& make(Overflow policy, std::uint64_t events, std::size_t bytes = 1'000'000) {
    OverflowOptions options;
    options.policy = policy;
    options.events = events;
    options.bytes = bytes;
    queue_ = std::make_unique<OverflowQueue>(options, budget_, std::make_unique<JsonReader>());
    return *queue_;
  }
  void push(std::string_view text) {
    Batch batch;
    fill(batch, text);
    batch.sequence = 1;
    queue_->push(batch);
  }
  std::string popped(std::size_t bytes = 100'000) {
    Batch batch;
    if (!queue_->wait()) return "the end";
    queue_->pop_into(batch, bytes);
    return std::string(batch.text());
  }
  std::uint64_t dropped(DropReason reason) const { return queue_->counts().dropped_for(reason); }

  MemoryBudget budget_{4'000'000};
  std::unique_ptr<OverflowQueue> queue_;
};

TEST_F(OverflowQueueTest, gives_whole_lines_in_order_while_there_is_room) {
  make(Overflow::drop_oldest, 10);
  push("{\"a\":1}\n\n{\"a\":2}\n");
  push("{\"a\":3}");
  EXPECT_EQ(popped(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
  EXPECT_EQ(queue_->counts().read, 0u) << "what goes on is counted where it is read";
  queue_->close();
  EXPECT_EQ(popped(), "the end");
}

TEST_F(OverflowQueueTest, drop_newest_keeps_what_was_there_first) {
  make(Overflow::drop_newest, 2);
  push("1\n2\n3\n4\n");
  EXPECT_EQ(dropped(DropReason::overflow_newest), 2u);
  EXPECT_EQ(popped(), "1\n2\n");
  push("5\n");
  EXPECT_EQ(popped(), "5\n");
}

TEST_F(OverflowQueueTest, drop_oldest_keeps_what_came_last) {
  make(Overflow::drop_oldest, 2);
  push("1\n2\n3\n4\n");
  EXPECT_EQ(dropped(DropReason::overflow_oldest), 2u);
  EXPECT_EQ(popped(), "3\n4\n");
}

TEST_F(OverflowQueueTest, drop_by_level_gives_up_the_lowest_first_and_keeps_the_order) {
  make(Overflow::drop_by_level, 3);
  push(
      "{\"level\":\"INFO\",\"n\":1}\n{\"level\":\"ERROR\",\"n\":2}\n"
      "{\"level\":\"DEBUG\",\"n\":3}\n{\"level\":\"WARNING\",\"n\":4}\n{\"n\":5}\n");
  // 3 went for 4, then 1, an INFO like 5 and older.
  EXPECT_EQ(dropped(DropReason::overflow_level), 2u);
  EXPECT_EQ(popped(),
            "{\"level\":\"ERROR\",\"n\":2}\n{\"level\":\"WARNING\",\"n\":4}\n{\"n\":5}\n");
}

TEST_F(OverflowQueueTest, drop_by_level_never_gives_up_a_higher_level_for_a_lower_one) {
  make(Overflow::drop_by_level, 2);
  push("{\"level\":\"ERROR\",\"n\":1}\n{\"level\":\"ERROR\",\"n\":2}\n{\"level\":\"DEBUG\"}\n");
  EXPECT_EQ(dropped(DropReason::overflow_level), 1u);
  EXPECT_EQ(popped(), "{\"level\":\"ERROR\",\"n\":1}\n{\"level\":\"ERROR\",\"n\":2}\n");
}

TEST_F(OverflowQueueTest, is_bounded_in_bytes_but_takes_one_line_of_any_length) {
  make(Overflow::drop_oldest, 1000, 500);
  const std::string line(200, 'x');
  push(line + "\n" + line + "\n" + line + "\n");
  EXPECT_EQ(dropped(DropReason::overflow_oldest), 2u);
  EXPECT_LE(budget_.used(), 500u);
  EXPECT_EQ(popped(), line + "\n");
  const std::string huge(10'000, 'y');
  push(huge + "\n");
  EXPECT_EQ(popped(100), huge + "\n");
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(OverflowQueueTest, what_was_dropped_is_read_and_accounted_for) {
  make(Overflow::drop_newest, 1);
  push("one\ntwo\nthree\n");
  const RunCounts counts = queue_->counts();
  EXPECT_EQ(counts.read, 2u);
  EXPECT_TRUE(counts.balanced());
  EXPECT_EQ(counts.bytes_in, 10u);
}

TEST_F(OverflowQueueTest, two_threads_lose_nothing_that_is_not_counted) {
  make(Overflow::drop_oldest, 50);
  std::uint64_t came = 0;
  std::thread taking([&] {
    Batch batch;
    while (queue_->wait()) {
      batch.reset();
      queue_->pop_into(batch, 100);
      came += batch.lines;
    }
  });
  for (int i = 0; i < 1000; ++i) push("a line\nanother\n");
  queue_->close();
  taking.join();
  EXPECT_EQ(came + dropped(DropReason::overflow_oldest), 2000u);
}

}  // namespace
}  // namespace logbraid::test
