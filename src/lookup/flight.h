#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "logbraid/clock.h"
#include "logbraid/outcome.h"
#include "lookup/lookup_enricher.h"

namespace logbraid {

// One key that is being asked for, and the calls that wait for it. It belongs to the layer, not to
// its first caller: it ends when its request does, whoever still waits.
struct Flight {
  enum class State : std::uint8_t {
    in_line,  // waits for a request
    sent,
    over,  // its time is over and nobody waits; its request is not back yet
  };

  std::string key;
  std::uint64_t hash = 0;
  State state = State::in_line;
  bool probes = false;     // for a breaker that is half open: nobody may wait
  bool refreshes = false;  // asked for ahead of time: wanted without a waiter
  LookupCall* first_waiter = nullptr;
  LookupCall* last_waiter = nullptr;
  Flight* previous = nullptr;  // in the line
  Flight* next = nullptr;

  void add(LookupCall& call) {
    call.flight = this;
    call.previous_waiter = last_waiter;
    call.next_waiter = nullptr;
    (last_waiter == nullptr ? first_waiter : last_waiter->next_waiter) = &call;
    last_waiter = &call;
  }
  void remove(LookupCall& call) {
    LookupCall* const before = call.previous_waiter;
    LookupCall* const after = call.next_waiter;
    (before == nullptr ? first_waiter : before->next_waiter) = after;
    (after == nullptr ? last_waiter : after->previous_waiter) = before;
    call.flight = nullptr;
  }
};

// The flights that wait for a request, in order.
class FlightLine {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Flight& front() { return *first_; }

  void push(Flight& flight) {
    flight.previous = last_;
    flight.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &flight;
    last_ = &flight;
    ++size_;
  }
  void remove(Flight& flight) {
    (flight.previous == nullptr ? first_ : flight.previous->next) = flight.next;
    (flight.next == nullptr ? last_ : flight.next->previous) = flight.previous;
    --size_;
  }
  Flight& pop() {
    Flight& flight = *first_;
    remove(flight);
    return flight;
  }

 private:
  Flight* first_ = nullptr;
  Flight* last_ = nullptr;
  std::size_t size_ = 0;
};

// How a flight ended.
struct FlightEnd {
  // ok: `bytes` is the answer; no_match: there is none; else `bytes` says why.
  Outcome outcome = Outcome::ok;
  std::string_view bytes;
  std::optional<Duration> ttl;  // what the service said of it
};

}  // namespace logbraid
