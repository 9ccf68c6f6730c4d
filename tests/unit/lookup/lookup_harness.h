#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/json_writer.h"
#include "lookup/cached_lookup.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/event_of.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_client.h"

namespace logbraid::test {

// What a test of the layer sets. Keys are the event's field `key`; answers go to the field
// `answer`.
struct LookupSetup {
  LookupOptions options = {};
  BreakerOptions breaker = {};
  BulkheadOptions bulkhead = {};
  RetryOptions retry = {};
  Duration timeout = std::chrono::seconds(1);
  unsigned shard = 0;
  unsigned shards = 1;
};

// Opens after so many failures in a row, for 5 s; one probe decides.
inline BreakerOptions opens_after(std::uint32_t failures) {
  BreakerOptions options;
  options.consecutive_failures = failures;
  options.jitter = Jitter::none;
  options.half_open_permits = 1;
  return options;
}

// One event that asked.
class Question : public LookupCall {
 public:
  explicit Question(std::string_view json)
      : LookupCall([](LookupCall& call) noexcept { static_cast<Question&>(call).over = true; }),
        event_(json),
        patch_(&event_.arena()) {
    view = EventView(event_.event(), event_.arena());
    patch = &patch_;
  }

  // The patch as JSON.
  std::string answer() {
    std::string json;
    EventOf nothing("{}");
    JsonWriter().write(nothing.event(), {&patch_, 1}, json);
    if (json.ends_with('\n')) json.pop_back();
    return json;
  }

  bool over = false;

 private:
  EventOf event_;
  Patch patch_;
};

// A shard's surroundings on a manual clock, with one look-up that a ScriptedService serves.
class LookupHarness {
 public:
  explicit LookupHarness(LookupSetup setup = {})
      : setup_(std::move(setup)), breaker_(setup_.breaker, setup_.timeout, 1, {}) {
    std::vector<KeyTemplate> key;
    key.push_back(KeyTemplate::parse("{{key}}", KeyEscape::none).value());
    instance_ = make_lookup({KeySpec(std::move(key)),
                             {FieldPath::parse("answer").value()},
                             setup_.options,
                             service.maker()});
    auto& enricher = *std::get<std::shared_ptr<LookupEnricher>>(instance_.enricher);
    lookup_ = enricher.open({"users", timers_, clock_, io_, front_, setup_.bulkhead, setup_.retry,
                             setup_.timeout, setup_.shard, setup_.shards, shared_, recorder_});
  }

  // Asks for a key.
  Question& ask(std::string_view key) {
    return ask_event("{\"key\":\"" + std::string(key) + "\"}");
  }
  Question& ask_event(std::string_view json) { return *ask_together({std::string(json)}).front(); }
  // Several events in one go.
  std::vector<Question*> ask_together(const std::vector<std::string>& events) {
    std::vector<Question*> asked;
    std::vector<LookupCall*> calls;
    for (const std::string& json : events) {
      questions_.push_back(std::make_unique<Question>(json));
      asked.push_back(questions_.back().get());
      calls.push_back(asked.back());
    }
    lookup_->look_up(calls);
    for (Question* const question : asked) question->over = question->over || question->answered;
    return asked;
  }
  // The turn of the loop is over.
  void turn() { timers_.advance(clock_.now()); }
  // Lets time go by, timer by timer.
  void pass(Duration time) {
    const TimePoint end = clock_.now() + time;
    while (timers_.next_due() <= end) {
      clock_.advance_to(timers_.next_due());
      timers_.advance(clock_.now());
    }
    clock_.advance_to(end);
    timers_.advance(end);
  }

  ShardLookup& lookup() { return *lookup_; }
  void close() { lookup_.reset(); }
  LookupMetrics metrics() const { return recorder_.read(); }
  CircuitBreaker& breaker() { return breaker_; }
  BreakerFront& front() { return front_; }
  TimePoint now() const { return clock_.now(); }
  const EnricherInstance& instance() const { return instance_; }

  ScriptedService service;

 private:
  const LookupSetup setup_;
  ManualClock clock_;
  Timers timers_{clock_.now()};
  boost::asio::io_context io_context_;
  LoopIo io_{&io_context_};
  SharedOnShard shared_;
  LookupRecorder recorder_;
  CircuitBreaker breaker_;
  BreakerFront front_{breaker_};
  EnricherInstance instance_;
  std::vector<std::unique_ptr<Question>> questions_;
  std::unique_ptr<ShardLookup> lookup_;
};

}  // namespace logbraid::test
