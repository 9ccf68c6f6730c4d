#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "logbraid/timer.h"
#include "lookup/adaptive_limit.h"
#include "lookup/flight.h"
#include "lookup/lookup_enricher.h"
#include "lookup/lookup_options.h"
#include "lookup/rate_limit.h"
#include "lookup/request.h"
#include "resilience/retry.h"

namespace logbraid {

// Who wants to know what becomes of flights.
class FlightOwner {
 public:
  // Nobody may wait for it any more: it has become a probe of the breaker's.
  virtual void flight_probes(Flight& flight) noexcept = 0;
  // It has ended. It is the owner's again, but where state is `over`.
  virtual void flight_ended(Flight& flight, const FlightEnd& end) noexcept = 0;
  // Its request is back after all; `end` is an answer or nothing. It is the owner's again.
  virtual void flight_returned(Flight& flight, const FlightEnd& end) noexcept = 0;

 protected:
  ~FlightOwner() = default;
};

// From keys to requests and back, on one shard: gathers flights into requests, sends as many as the
// service may have at once, keeps their deadline, tells the breaker, sends again.
//
// Invariants:
//   - a flight is in the line, or in exactly one request; flight_ended() comes once for it
//   - a request holds its place in the bulkhead until its client gives it back, late or not;
//   between
//     two attempts it holds none
//   - a permit is the request's: it ends as success or failure, or is dropped with it
//
// Threads:  the shard's.
// Lifetime: destroyed with requests under way it forgets them and their flights.
class RequestPath final : private RequestOwner {
 public:
  RequestPath(const LookupSurroundings& surroundings, const LookupOptions& options,
              FlightOwner& owner);
  ~RequestPath();
  RequestPath(const RequestPath&) = delete;
  RequestPath& operator=(const RequestPath&) = delete;

  // Before the first add().
  void use(std::unique_ptr<Client> client);

  // False: not taken, since all is full and the options say `reject`.
  bool add(Flight& flight);
  // A flight in the line is not wanted any more.
  void leave(Flight& flight);

  bool accepts() const { return line_.size() <= most_keys(); }
  std::size_t most_keys() const { return std::size_t{limit()} * options_.max_batch; }
  std::uint32_t in_flight() const { return in_flight_; }

 private:
  struct Sent;
  struct Tick : Timer {
    Tick(RequestPath& owner, Fire on_due) : Timer(on_due), path(owner) {}
    RequestPath& path;
  };

  std::uint32_t limit() const { return adaptive_ ? adaptive_->limit() : most_in_flight_; }
  void dispatch();
  Duration gather_time() const;
  bool may_send() const;
  bool let_by_rate();
  void let_line_go(Outcome outcome);
  Sent& take();
  void send(Sent& sent, BreakerPermit permit);
  void request_ended(Request& request) noexcept override;
  void settle(Sent& sent);
  void judge(Sent& sent);
  void note_limit();
  bool tries_again(Sent& sent);
  void send_again();
  void wait_to_be_sent_again(Sent& sent);
  void end_unsent(Sent& sent, Outcome outcome);
  bool split(Sent& sent);
  void give_up(Sent& sent);
  FlightEnd end_of(const Sent& sent, std::size_t row) const;
  void end_flights(Sent& sent);
  void let_flights_go(Sent& sent, Outcome outcome);
  void return_flights(Sent& sent);
  void let_go(Sent& sent);

  static void on_due(Timer& timer) noexcept;
  static void on_flush_due(Timer& timer) noexcept;

  const LookupSurroundings surroundings_;
  const LookupOptions options_;
  FlightOwner& owner_;
  const std::uint32_t most_in_flight_;
  Retry retry_;
  std::optional<AdaptiveLimit> adaptive_;
  std::optional<RateLimit> rate_;
  FlightLine line_;
  std::deque<Sent*> again_;  // retries and parts of what was split, until there is a place
  Tick flush_;               // what is gathered leaves
  Tick paced_;               // the rate allows one more
  bool due_ = false;         // what is in the line leaves, full request or not
  bool dispatching_ = false;
  std::uint32_t in_flight_ = 0;
  Duration usual_{};  // time that a request takes, of late
  std::vector<std::unique_ptr<Sent>> all_;
  std::vector<Sent*> free_;
  std::vector<Sent*> ended_;  // given back, and not settled yet
  std::vector<Sent*> ended_now_;
  std::unique_ptr<Client> client_;  // first to go
};

}  // namespace logbraid
