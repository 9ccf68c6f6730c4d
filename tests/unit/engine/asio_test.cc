#include "logbraid/asio.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <latch>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace logbraid::test {
namespace {

namespace asio = boost::asio;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;

const FieldPath kN("n");
const FieldPath kDouble("double");

OwnedEvent numbered(std::int64_t n) { return *EventBuilder().set(kN, n).build(); }

asio::awaitable<EnrichStatus> doubled_later(const EventView& event, Patch& patch) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  patch.set(kDouble, event.get(kN).as_int64().value_or(0) * 2);
  co_return EnrichStatus();
}

std::unique_ptr<Engine> engine_with(Registry& registry, std::shared_ptr<AsyncEnricher> enricher,
                                    Duration timeout = 1h, EngineOptions options = {}) {
  EnricherMetadata metadata;
  metadata.name = "asio";
  EnricherInstance instance;
  instance.enricher = std::move(enricher);
  EXPECT_TRUE(registry.add(metadata, instance).has_value());
  options.execution.shards = 1;
  options.execution.enricher_timeout = timeout;
  return *Engine::create(registry, {"asio"}, options);
}

TEST(asio_enricher, waits_on_the_shards_loop) {
  Registry registry;
  const auto engine = engine_with(registry, asio_enricher(doubled_later));
  std::vector<OwnedEvent> events;
  for (std::int64_t n = 0; n < 300; ++n) events.push_back(numbered(n));
  const auto enriched = engine->enrich(std::move(events));
  for (std::size_t n = 0; n < 300; ++n) {
    EXPECT_EQ((*enriched)[n].get(kDouble).as_int64(), static_cast<std::int64_t>(2 * n));
  }
}

TEST(asio_enricher, what_it_throws_is_an_outcome) {
  Registry registry;
  const auto engine = engine_with(
      registry, asio_enricher([](const EventView&, Patch&) -> asio::awaitable<EnrichStatus> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        throw std::runtime_error("no luck");
      }));
  const auto enriched = engine->enrich(numbered(1));
  EXPECT_EQ(enriched->outcome("asio")->outcome, Outcome::error);
  EXPECT_EQ(enriched->outcome("asio")->reason, "no luck");
}

// Blocks the shard's loop until somebody has noticed: at once, after a wait, and in what it
// spawned.
struct Blocking {
  std::binary_semaphore& noticed;
  std::string_view where;

  void block(std::string_view here) const {
    // A minute: nobody noticed.
    if (here == where && !noticed.try_acquire_for(1min)) throw std::runtime_error("not noticed");
  }
  asio::awaitable<void> child() const {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    block("in a child");
  }
  asio::awaitable<EnrichStatus> operator()(const EventView&, Patch&) const {
    block("at once");
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    block("after a wait");
    co_await asio::co_spawn(co_await asio::this_coro::executor, child(), asio::use_awaitable);
    co_return EnrichStatus();
  }
};

TEST(asio_enricher, that_holds_up_its_shard_is_named) {
  for (const std::string_view where : {"at once", "after a wait", "in a child"}) {
    std::binary_semaphore noticed(0);
    std::string named;
    std::atomic<bool> is_named{false};
    Registry registry;
    EngineOptions options;
    options.on_stall = [&](std::string_view enricher, Duration lasted) {
      if (is_named.exchange(true)) return;  // a busy machine may stop other stretches as long
      EXPECT_GE(lasted, 50ms);
      named = enricher;
      noticed.release();
    };
    const auto engine =
        engine_with(registry, asio_enricher(Blocking{noticed, where}), 1h, std::move(options));
    const auto enriched = engine->enrich(numbered(1));
    EXPECT_EQ(enriched->outcome("asio")->outcome, Outcome::ok) << where;
    EXPECT_EQ(named, "asio") << where;
    EXPECT_GE(engine->metrics().enrichers.at(0).state.stalls, 1u) << where;
  }
}

// Members, not captures: the enricher keeps the function as long as there are calls.
struct Cancellable {
  std::atomic<int>& cancelled;

  asio::awaitable<EnrichStatus> operator()(const EventView&, Patch&) const {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) ++cancelled;
    co_return EnrichStatus();
  }
};

TEST(asio_enricher, is_cancelled_when_its_time_is_up) {
  std::atomic<int> cancelled{0};
  Registry registry;
  const auto engine = engine_with(registry, asio_enricher(Cancellable(cancelled)), 5ms);
  EXPECT_EQ(engine->enrich(numbered(1))->outcome("asio")->outcome, Outcome::timeout);
  EXPECT_TRUE(engine->close(1h).complete());
  EXPECT_EQ(cancelled, 1);
}

struct Stubborn {
  std::latch& begun;
  std::atomic<bool>& let_go;

  asio::awaitable<EnrichStatus> operator()(const EventView&, Patch&) const {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    begun.count_down();
    while (!let_go) {
      timer.expires_after(1ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return EnrichStatus();
  }
};

TEST(asio_enricher, one_that_ignores_cancellation_is_reported_by_close) {
  std::latch begun(1);
  std::atomic<bool> let_go{false};
  Registry registry;
  auto engine = engine_with(registry, asio_enricher(Stubborn(begun, let_go)));
  auto waiting = std::async(std::launch::async, [&] { return engine->enrich(numbered(1)); });
  begun.wait();
  auto report = engine->close(0ms);
  EXPECT_EQ(waiting.get()->outcome("asio")->outcome, Outcome::cancelled);
  ASSERT_EQ(report.still_running().size(), 1u);
  EXPECT_EQ(report.still_running()[0].enricher, "asio");
  EXPECT_FALSE(report.wait(0ms));
  let_go = true;
  EXPECT_TRUE(report.wait(1h));
}

asio::awaitable<std::int64_t> on_my_executor(Engine& engine, std::thread::id& where) {
  const Result<EnrichedEvent> enriched =
      co_await async_enrich(engine, numbered(4), asio::use_awaitable);
  where = std::this_thread::get_id();
  co_return enriched->get(kDouble).as_int64().value_or(0);
}

TEST(async_enrich, goes_on_on_the_callers_executor) {
  asio::io_context mine;
  Registry registry;
  const auto engine = engine_with(registry, asio_enricher(doubled_later));
  std::thread::id where;
  auto doubled = asio::co_spawn(mine, on_my_executor(*engine, where), asio::use_future);
  mine.run();
  EXPECT_EQ(doubled.get(), 8);
  EXPECT_EQ(where, std::this_thread::get_id());
}

}  // namespace
}  // namespace logbraid::test
