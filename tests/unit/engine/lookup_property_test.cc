// One look-up against a service whose answers change with the time, on the manual clock: whatever
// is kept, joined, gathered, late or stale, no event gets an answer that was not the last one, or
// is older than it may be.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/registry.h"
#include "lookup/cached_lookup.h"
#include "tests/support/json_rows.h"
#include "tests/support/plan_driver.h"
#include "tests/support/seeds.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using Random = std::mt19937_64;

bool one_in(Random& random, std::uint64_t count) { return random() % count == 0; }
milliseconds up_to(Random& random, std::uint64_t most) {
  return milliseconds(random() % (most + 1));
}

std::string text_of(TimePoint time) { return std::to_string(time.time_since_epoch().count()); }

// What a service has said of one key, and when.
struct KeyHistory {
  struct Answer {
    TimePoint at;
    bool found;
    Duration good_for;
  };
  std::vector<Answer> answers;
  std::vector<TimePoint> failures;
};

// Answers each key with the time of the answer, or that there is none, or fails, hangs, comes late,
// by chance; and writes down what it has said.
class DatedService {
 public:
  DatedService(Random& random, const LookupOptions& options) : random_(random), options_(options) {}

  std::function<std::unique_ptr<Client>(const LookupSurroundings&)> maker() {
    return [this](const LookupSurroundings& surroundings) {
      return std::make_unique<Dated>(*this, surroundings.timers);
    };
  }
  const KeyHistory& history(const std::string& key) { return histories_[key]; }

 private:
  class Dated final : public Client {
   public:
    Dated(DatedService& service, Timers& timers) : service_(service), timers_(timers) {}
    ~Dated() override {
      for (const auto& reply : replies_) timers_.remove(*reply);
    }
    void send(Request& request) noexcept override {
      Random& random = service_.random_;
      replies_.push_back(std::make_unique<Reply>(*this, request));
      Reply& reply = *replies_.back();
      request.client_data = &reply;
      if (one_in(random, 10)) return;  // it hangs
      reply.fails = one_in(random, 5);
      if (one_in(random, 3)) {
        service_.give(reply, timers_.now());
      } else {
        timers_.set(reply, up_to(random, 4));
      }
    }
    void cancel(Request& request) noexcept override {
      auto& reply = *static_cast<Reply*>(request.client_data);
      for (std::size_t row = 0; row < request.size(); ++row) {
        service_.histories_[std::string(request.key(row))].failures.push_back(timers_.now());
      }
      if (reply.waiting()) return;  // it is on its way
      reply.fails = one_in(service_.random_, 2);
      timers_.set(reply, up_to(service_.random_, 5));
    }

   private:
    friend class DatedService;
    struct Reply : Timer {
      Reply(Dated& whose, Request& what)
          : Timer([](Timer& timer) noexcept {
              auto& self = static_cast<Reply&>(timer);
              self.client.service_.give(self, self.client.timers_.now());
            }),
            client(whose),
            request(what) {}
      Dated& client;
      Request& request;
      bool fails = false;
    };

    DatedService& service_;
    Timers& timers_;
    std::vector<std::unique_ptr<Reply>> replies_;  // all there ever were
  };

  void give(Dated::Reply& reply, TimePoint now) {
    Request& request = reply.request;
    for (std::size_t row = 0; row < request.size(); ++row) {
      KeyHistory& history = histories_[std::string(request.key(row))];
      if (reply.fails || one_in(random_, 8)) {
        history.failures.push_back(now);
        if (!reply.fails) request.failed(row, "nothing is known of this key");
        continue;
      }
      const bool found = !one_in(random_, 4);
      Duration good_for = found ? options_.ttl : options_.not_found_ttl;
      if (found) {
        request.found(row);
        request.value(0, now.time_since_epoch().count());
      } else {
        request.not_found(row);
      }
      if (one_in(random_, 4)) {
        good_for = up_to(random_, 8);
        request.keep_for(row, good_for);
      }
      history.answers.push_back({now, found, good_for});
    }
    request.finish(reply.fails ? RequestError::transport : RequestError::none, "it is down");
  }

  Random& random_;
  const LookupOptions options_;
  std::map<std::string, KeyHistory> histories_;
};

LookupOptions random_options(Random& random) {
  LookupOptions options;
  options.cache_bytes = one_in(random, 3) ? 5'700 : 1024 * 1024;  // an index, and 4 answers
  options.ttl = up_to(random, 20);
  options.not_found_ttl = up_to(random, 10);
  options.error_ttl = up_to(random, 5);
  if (one_in(random, 2)) options.stale_if_error = up_to(random, 30);
  if (one_in(random, 3)) options.refresh_ahead = 0.5;
  options.client_limit = 1 + static_cast<std::uint32_t>(random() % 8);
  options.adaptive = one_in(random, 3);
  if (one_in(random, 2)) {
    options.max_batch = 2 + random() % 4;
    options.max_delay = up_to(random, 2);
  }
  return options;
}

// Whether an answer that was given at `at` and is good for so long may be served at `now`.
bool may_be_served(const KeyHistory& history, const KeyHistory::Answer& answer, TimePoint now,
                   const LookupOptions& options) {
  const Duration age = now - answer.at;
  // Whoever waited for it has it, however short its time.
  if (age == Duration::zero() || age < answer.good_for) return true;
  if (age >= answer.good_for + options.stale_if_error) return false;
  return std::any_of(history.failures.begin(), history.failures.end(), [&](TimePoint failed) {
    return failed <= now && now - failed <= options.error_ttl && failed >= answer.at;
  });
}

// Empty, or what is wrong about what one event got at `now`.
std::string wrong_about(const KeyHistory& history, Outcome outcome, std::string_view line,
                        TimePoint now, const LookupOptions& options, bool given_up) {
  if (outcome == Outcome::timeout && given_up) return {};
  if (outcome == Outcome::error || outcome == Outcome::timeout) {
    const bool failed =
        std::any_of(history.failures.begin(), history.failures.end(),
                    [&](TimePoint at) { return at <= now && now - at <= options.error_ttl; });
    return failed ? "" : "an error, and nothing has failed";
  }
  if (outcome != Outcome::ok && outcome != Outcome::no_match) return "no outcome of a look-up";
  // What was said at this very time may have come a moment later.
  TimePoint last = TimePoint::min();
  for (const auto& answer : history.answers) {
    if (answer.at < now) last = std::max(last, answer.at);
  }
  std::string why = "an answer that nobody gave";
  for (const auto& answer : history.answers) {
    if (answer.at > now || answer.found != (outcome == Outcome::ok)) continue;
    if (answer.found && member(line, "user") != text_of(answer.at)) continue;
    if (answer.at < last) {
      why = "an answer that is not the last";
    } else if (may_be_served(history, answer, now, options)) {
      return {};
    } else {
      why = "an answer that is too old";
    }
  }
  return why;
}

struct Seen {
  std::uint64_t hits = 0, stale = 0, joined = 0, late = 0, refreshed = 0, evicted = 0;
};

void expect_answers_in_their_time(std::uint64_t seed, Seen& seen) {
  Random random(seed);
  const LookupOptions options = random_options(random);
  DatedService service(random, options);
  EnricherMetadata metadata;
  metadata.name = "user";
  metadata.timeout = milliseconds(6);
  if (one_in(random, 3)) metadata.retry.retries = 1;
  Registry registry;
  ASSERT_TRUE(
      registry
          .add(metadata,
               make_lookup({KeySpec({KeyTemplate::parse("{{key}}", KeyEscape::none).value()}),
                            {FieldPath("user")},
                            options,
                            service.maker()}))
          .has_value());
  ExecutionOptions execution;
  execution.breakers = false;
  if (one_in(random, 3)) execution.event_timeout = milliseconds(3);
  PlanDriver driver(registry.resolve(registry.names()).value(), execution);

  std::vector<std::string> keys;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> events;
    for (std::uint64_t i = random() % 7; i > 0; --i) {
      keys.push_back("k" + std::to_string(random() % 8));
      events.push_back(R"({"key":")" + keys.back() + R"("})");
    }
    const std::size_t first = driver.done();
    driver.add_events(events);
    driver.run();
    for (std::size_t i = first; i < driver.done(); ++i) {
      const bool given_up =
          execution.event_timeout && driver.latency(i) >= *execution.event_timeout;
      const Outcome outcome = driver.outcome(i, "user");
      ASSERT_EQ(wrong_about(service.history(keys[i]), outcome, driver.lines()[i], driver.done_at(i),
                            options, given_up),
                "")
          << "event " << i << ", " << to_string(outcome) << ": " << driver.lines()[i];
    }
    for (auto left = up_to(random, 6); left > milliseconds(0); --left) {
      driver.clock().advance(milliseconds(1));
      driver.timers().advance(driver.clock().now());
    }
  }
  const auto metrics = driver.runner().metrics().enrichers.at(0).lookup;
  ASSERT_TRUE(metrics.has_value());
  ASSERT_EQ(metrics->hits + metrics->hits_not_found + metrics->hits_error + metrics->joined +
                metrics->misses,
            keys.size());
  seen.hits += metrics->hits;
  seen.stale += metrics->stale;
  seen.joined += metrics->joined;
  seen.late += metrics->late;
  seen.refreshed += metrics->refreshed;
  seen.evicted += metrics->evicted;
}

TEST(LookupProperty, no_event_gets_an_answer_that_is_older_than_it_may_be) {
  Seen seen;
  const std::vector<std::uint64_t> all = seeds(150);
  for (const std::uint64_t seed : all) {
    SCOPED_TRACE(seed_text(seed));
    expect_answers_in_their_time(seed, seen);
    if (testing::Test::HasFatalFailure()) return;
  }
  if (all.size() == 1) return;  // not every one has all of these
  EXPECT_GT(seen.hits, 0U);
  EXPECT_GT(seen.stale, 0U);
  EXPECT_GT(seen.joined, 0U);
  EXPECT_GT(seen.late, 0U);
  EXPECT_GT(seen.refreshed, 0U);
  EXPECT_GT(seen.evicted, 0U);
}

}  // namespace
}  // namespace logbraid::test
