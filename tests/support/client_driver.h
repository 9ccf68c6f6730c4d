#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "async/loop.h"
#include "logbraid/clock.h"
#include "logbraid/resilience.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"
#include "resilience/breaker_front.h"
#include "resilience/circuit_breaker.h"
#include "tests/support/manual_clock.h"

namespace logbraid::test {

// Takes the part of a shard for a client of a real service: a loop that turns on a thread of its
// own, and requests to and fro.
//
// Threads:  one, the test's.
// Blocking: ask() and on_loop() until the loop has done it; get() of what send() gives.
class ClientDriver {
 public:
  // What came back of one key.
  struct Row {
    Request::Row what = Request::Row::unset;
    // Of one found: its values as JSON, by number of the field: {"0":"x","3":12}. Of one that
    // failed: why.
    std::string answer;
    std::optional<Duration> ttl;
  };
  struct Ended {
    RequestError error = RequestError::none;
    std::string why;
    std::vector<Row> rows;
    Duration leave_alone_for{};
  };
  // A request that is under way.
  struct Sent {
    std::future<Ended> ended;
    Request* request;  // for cancel()
  };

  using MakeClient = std::function<std::unique_ptr<Client>(const LookupSurroundings&)>;
  // `manual`: what the loop goes by, and pass() moves; null: the time that it is.
  explicit ClientDriver(const MakeClient& make, Duration timeout = std::chrono::seconds(30),
                        ManualClock* manual = nullptr);
  // Destroys the client on the loop, and the loop.
  ~ClientDriver();
  ClientDriver(const ClientDriver&) = delete;
  ClientDriver& operator=(const ClientDriver&) = delete;

  Ended ask(const std::vector<std::string>& keys) { return send(keys).ended.get(); }
  // Again and again, until the pause after a failed attempt is over; at most for half a minute.
  Ended ask_until_it_answers(const std::vector<std::string>& keys);
  // Once, as the breaker's probe.
  Ended probe(const std::vector<std::string>& keys);
  Sent send(const std::vector<std::string>& keys);
  // So many alike, in one turn of the loop.
  std::vector<Sent> send_together(std::size_t count, const std::vector<std::string>& keys);
  void cancel(Request& request);
  void warm_up();
  // As a shard does when its plan goes.
  void destroy_client();
  void on_loop(const std::function<void()>& what);
  // On a manual clock: lets time go by, timer by timer.
  void pass(Duration time);
  // From now until the first of the timers is due.
  Duration until_next_timer();

  const LookupRecorder& recorder() const { return recorder_; }

 private:
  class Asked;
  // A manual clock that moves a little with each look at it: a loop does not turn for timers in the
  // very moment they are due, but a little later. It is ahead of the real time, by which asio's
  // alarm goes.
  class CreepingClock final : public Clock {
   public:
    explicit CreepingClock(ManualClock* manual) : manual_(manual) {
      if (manual == nullptr) return;
      manual->advance_to(SteadyClock().now() + std::chrono::hours(24 * 365));
    }
    TimePoint now() const noexcept override {
      manual_->advance(std::chrono::nanoseconds(100));
      return manual_->now();
    }

   private:
    ManualClock* const manual_;
  };

  Asked& prepare(const std::vector<std::string>& keys, bool probe = false);

  const SteadyClock steady_;
  ManualClock* const manual_;
  const CreepingClock creeping_;
  const Clock& clock_;
  Loop loop_{clock_};
  SharedOnShard shared_;
  LookupRecorder recorder_;
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  CircuitBreaker breaker_;
  BreakerFront front_{breaker_};
  std::unique_ptr<Client> client_;
  std::vector<std::unique_ptr<Asked>> asked_;
  std::thread thread_;
};

// The client as shard number `shard` of `shards` makes it.
ClientDriver::MakeClient on_shard(unsigned shard, unsigned shards, ClientDriver::MakeClient make);

}  // namespace logbraid::test
