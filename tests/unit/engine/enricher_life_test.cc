#include "engine/enricher_life.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "logbraid/registry.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_life.h"

namespace logbraid::test {
namespace {

using std::chrono_literals::operator""s;
using Code = LifecycleCode;

PlanNode node_of(const std::shared_ptr<LifeRecord>& record, Placement placement) {
  PlanNode node;
  node.name = "lived";
  node.enricher = make_lived(record, placement).enricher;
  return node;
}

// A life on a loop that the test turns, by a clock that the test moves.
class LifeDriver {
 public:
  LifeDriver(Placement placement, LifeRecord::Script script)
      : record(std::make_shared<LifeRecord>(std::move(script))),
        life_(std::in_place, parts_, node_of(record, placement)) {}
  ~LifeDriver() {
    life_->close();
    record->let_go();
    while (!state().through()) {
      if (!turn()) wait(1s);
    }
  }

  // What has come back; false: nothing had.
  bool turn() {
    std::vector<Posted*> posted;
    {
      const std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    for (Posted* const each : posted) each->run(*each);
    return !posted.empty();
  }
  // Until the code that runs has ended.
  void take_end() {
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return !posted_.empty(); });
    }
    turn();
  }
  void wait(Duration duration) {
    clock_.advance(duration);
    timers_.advance(clock_.now());
  }
  void open() { life_->open(); }
  void close() { life_->close(); }
  const LifecycleState& state() const { return life_->state(); }
  bool may_be_called() const { return life_->health()->may_be_called(); }
  HealthReport report() const { return life_->report(); }

  const std::shared_ptr<LifeRecord> record;
  int changes = 0;

 private:
  void post(Posted& posted) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(&posted);
    arrived_.notify_one();
  }

  ManualClock clock_;
  Timers timers_{clock_.now()};
  FramePool frames_;
  std::mutex mutex_;  // guards posted_
  std::condition_variable arrived_;
  std::vector<Posted*> posted_;
  Pool pool_{{.most = 1, .most_stuck = 0, .name = "test"}};
  const EnricherLife::Parts parts_{timers_,
                                   frames_,
                                   nullptr,
                                   pool_,
                                   [this](Posted& posted) { post(posted); },
                                   [this](EnricherLife&) { ++changes; }};
  std::optional<EnricherLife> life_;
};

class enricher_life : public testing::TestWithParam<Placement> {
 protected:
  // The first start does this, everything else succeeds.
  static LifeRecord::Script first_start(LifeStep step) {
    return [step](Code code, int nth) {
      return code == Code::start && nth == 0 ? step : LifeStep::ok;
    };
  }
  static LifeRecord::Script every(Code which, LifeStep step) {
    return [=](Code code, int) { return code == which ? step : LifeStep::ok; };
  }
};

TEST_P(enricher_life, is_started_checked_and_stopped) {
  LifeDriver driver(GetParam(), {});
  EXPECT_FALSE(driver.may_be_called());
  driver.open();
  EXPECT_EQ(driver.report().running, Code::start);
  driver.take_end();
  EXPECT_TRUE(driver.may_be_called());
  for (int check = 1; check <= 3; ++check) {
    driver.wait(10s);
    driver.take_end();
    EXPECT_EQ(driver.record->begun(Code::check_health), check);
  }
  driver.close();
  EXPECT_FALSE(driver.may_be_called());
  driver.take_end();
  EXPECT_TRUE(driver.state().through());
  EXPECT_EQ(driver.record->begun(Code::start), 1);
  EXPECT_EQ(driver.record->begun(Code::stop), 1);
  EXPECT_TRUE(driver.record->violations().empty());
  EXPECT_EQ(driver.report().first_error, "");
}

TEST_P(enricher_life, a_start_that_fails_or_throws_is_made_again) {
  const std::pair<LifeStep, const char*> rows[] = {
      {LifeStep::error, "its start failed: as the script says"},
      {LifeStep::throws_exception, "its start failed: thrown"},
      {LifeStep::throws_int, "its start failed: threw something that is no std::exception"}};
  for (const auto& [step, why] : rows) {
    LifeDriver driver(GetParam(), first_start(step));
    driver.open();
    driver.take_end();
    EXPECT_FALSE(driver.may_be_called());
    EXPECT_TRUE(driver.state().decided());
    EXPECT_EQ(driver.report().first_error, why);
    driver.wait(1s);
    driver.take_end();
    EXPECT_TRUE(driver.may_be_called());
    EXPECT_EQ(driver.report().times_unhealthy, 1u);
  }
}

TEST_P(enricher_life, a_start_that_hangs_is_told_to_stop) {
  for (const LifeStep step : {LifeStep::listens, LifeStep::gives_up}) {
    LifeDriver driver(GetParam(), first_start(step));
    driver.open();
    driver.wait(10s);
    driver.take_end();
    EXPECT_EQ(driver.may_be_called(), step == LifeStep::listens) << "late, but it is started";
    EXPECT_EQ(driver.report().first_error, "its start has not ended within 10s");
  }
}

TEST_P(enricher_life, a_start_that_does_not_listen_may_end_late) {
  LifeDriver driver(GetParam(), first_start(LifeStep::deaf));
  driver.open();
  driver.wait(10s);
  EXPECT_TRUE(driver.state().decided());
  driver.wait(3600s);
  EXPECT_FALSE(driver.may_be_called());
  driver.record->let_go();
  driver.wait(1s);
  driver.take_end();
  EXPECT_TRUE(driver.may_be_called());
  EXPECT_EQ(driver.record->begun(Code::start), 1);
}

TEST_P(enricher_life, one_whose_start_ends_after_the_close_is_stopped) {
  LifeDriver driver(GetParam(), first_start(LifeStep::deaf));
  driver.open();
  driver.record->wait_for(Code::start);
  driver.close();
  EXPECT_EQ(driver.record->begun(Code::stop), 0);
  driver.record->let_go();
  driver.wait(1s);
  driver.take_end();
  EXPECT_FALSE(driver.may_be_called());
  driver.take_end();
  EXPECT_TRUE(driver.state().through());
  EXPECT_EQ(driver.record->begun(Code::stop), 1);
  EXPECT_TRUE(driver.record->violations().empty());
}

TEST_P(enricher_life, a_health_check_that_fails_or_throws_twice_ends_calls) {
  for (const LifeStep step : {LifeStep::error, LifeStep::throws_exception, LifeStep::throws_int}) {
    LifeDriver driver(GetParam(), [step](Code code, int nth) {
      return code == Code::check_health && nth < 2 ? step : LifeStep::ok;
    });
    driver.open();
    driver.take_end();
    for (const bool callable : {true, false, true}) {
      driver.wait(10s);
      driver.take_end();
      EXPECT_EQ(driver.may_be_called(), callable);
    }
  }
}

TEST_P(enricher_life, a_health_check_that_hangs_ends_calls_and_no_second_one_begins) {
  LifeDriver driver(GetParam(), every(Code::check_health, LifeStep::deaf));
  driver.open();
  driver.take_end();
  driver.wait(10s);
  driver.wait(1s);
  EXPECT_TRUE(driver.may_be_called());
  driver.wait(10s);
  EXPECT_FALSE(driver.may_be_called());
  driver.wait(3600s);
  driver.record->wait_for(Code::check_health);
  EXPECT_EQ(driver.record->begun(Code::check_health), 1);
  EXPECT_EQ(driver.report().running, Code::check_health);
}

TEST_P(enricher_life, a_stop_that_throws_or_hangs_is_reported) {
  LifeDriver throws(GetParam(), every(Code::stop, LifeStep::throws_int));
  throws.open();
  throws.take_end();
  throws.close();
  throws.take_end();
  EXPECT_TRUE(throws.state().through());
  EXPECT_EQ(throws.report().first_error,
            "its stop failed: threw something that is no std::exception");
  EXPECT_TRUE(throws.report().healthy) << "until then it was";

  LifeDriver hangs(GetParam(), every(Code::stop, LifeStep::deaf));
  hangs.open();
  hangs.take_end();
  hangs.close();
  hangs.record->wait_for(Code::stop);
  hangs.wait(5s);
  EXPECT_TRUE(hangs.state().settled());
  EXPECT_EQ(hangs.report().running, Code::stop);
}

TEST_P(enricher_life, each_step_is_told) {
  LifeDriver driver(GetParam(), {});
  driver.open();
  EXPECT_EQ(driver.changes, 1);
  driver.take_end();
  EXPECT_EQ(driver.changes, 2);
}

INSTANTIATE_TEST_SUITE_P(kinds, enricher_life, testing::Values(Placement::pool, Placement::async),
                         [](const auto& instance) {
                           return std::string(instance.param == Placement::pool ? "by_functions"
                                                                                : "by_coroutines");
                         });

// Between being told and its end nothing of a coroutine that is gone may be touched.
TEST(enricher_life_coroutine, one_that_never_ends_goes_with_its_life) {
  ManualClock clock;
  Timers timers(clock.now());
  FramePool frames;
  Pool pool({.most = 1, .most_stuck = 0, .name = "test"});
  const auto record = std::make_shared<LifeRecord>([](Code, int) { return LifeStep::deaf; });
  {
    const EnricherLife::Parts parts{timers, frames,         nullptr,
                                    pool,   [](Posted&) {}, [](EnricherLife&) {}};
    EnricherLife life(parts, node_of(record, Placement::async));
    life.open();
    EXPECT_EQ(frames.in_use(), 1u);
    clock.advance(10s);
    timers.advance(clock.now());
  }
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_EQ(timers.size(), 0u);
}

}  // namespace
}  // namespace logbraid::test
