#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "logbraid/clock.h"
#include "logbraid/result.h"

namespace logbraid {

// How an enricher is kept from harming others, and from being harmed. Every number is a default a
// user can change; behind it stands where it comes from (resilience.md), or "ours".

// How a delay is spread, so that those who failed together do not come back together.
enum class Jitter : std::uint8_t {
  none,
  equal,  // half of it, and up to as much again
  full,   // anything from nothing to all of it
};
std::string_view to_string(Jitter jitter);

enum class BreakerMode : std::uint8_t {
  normal,
  disabled,      // always closed, counts nothing
  forced_open,   // always open: nothing is called
  metrics_only,  // always closed; counts how often it would have opened
};
std::string_view to_string(BreakerMode mode);

// When an enricher that fails is left alone for a while.
struct BreakerOptions {
  BreakerMode mode = BreakerMode::normal;

  // What the shares are taken of: the calls of the last `window`, forgotten a bucket at a time.
  // 10 s in 10 buckets (Hystrix). 10 ms to 1 h; 1 to 100 buckets. Raise it when a service has bad
  // spells that are over in seconds; then it also takes longer to open after a long good time.
  Duration window = std::chrono::seconds(10);
  std::uint32_t window_buckets = 10;
  // Calls in the window from which on shares count: 20 (Hystrix). 1 to 1,000,000,000. Raise it when
  // single failures of an enricher that is rarely called open it.
  std::uint32_t min_calls = 20;
  // Share of failed calls that opens: 0.5 (Hystrix). Over 0, at most 1. Raise it when half an
  // answer is worth the waiting.
  double failure_share = 0.5;
  // Opens when so many of the calls were slow: 0.8 (ours). Over 0, at most 1. Raise it when calls
  // that end just in time are good enough.
  double slow_share = 0.8;
  // A call is slow when it took more than this share of its timeout: 0.8 (ours). Over 0, at most 1.
  double slow_after = 0.8;
  // With fewer calls than min_calls in the window, opens after so many failures in a row: 5
  // (Finagle, Envoy). At least 1. Raise it when failures come in bunches that mean nothing.
  std::uint32_t consecutive_failures = 5;
  // How long it stays open; doubled each time the probes fail, up to the most, then spread. 5 s to
  // 30 s, equal jitter (ours; Finagle goes to 300 s). 1 ms to 1 h. Raise it when a service needs
  // long to come back and probes disturb it.
  Duration open_for = std::chrono::seconds(5);
  Duration open_for_most = std::chrono::seconds(30);
  Jitter jitter = Jitter::equal;
  // Half-open: so many calls are let through and decide by their failure share: 5 (ours). 1 to
  // 1,000. Raise it when a service that is back fails now and then.
  std::uint32_t half_open_permits = 5;
  // Half-open for so long without a verdict: open again. Unset: twice the enricher's timeout, at
  // least 10 s (ours). 1 ms to 1 h.
  std::optional<Duration> undecided_after;
};

enum class WhenFull : std::uint8_t {
  wait,    // in order; a slow service then slows the source down and loses no enrichment
  reject,  // at once, outcome `rejected` (resilience4j)
};
std::string_view to_string(WhenFull when_full);

// How many calls of an enricher may be under way at once.
struct BulkheadOptions {
  // Calls in flight, for the process; divided among the shards, of which each may make one. Unset:
  // what the enricher's client can carry, 1,024 a shard where nothing says otherwise. 1 to
  // 1,000,000. Raise it when the service has room and calls wait for one another; each call in
  // flight costs its service's patience and some 500 bytes.
  std::optional<std::uint32_t> max_in_flight;
  WhenFull when_full = WhenFull::wait;
};

// Whether a call that failed is made again, inside its own timeout. Not for inline enrichers: what
// fails on the spot fails again.
struct RetryOptions {
  // Calls after the first: 0. 0 to 10. Raise it when failures are single and calls may be repeated
  // without harm.
  std::uint32_t retries = 0;
  // Waiting before the first retry, doubled for each further one up to the most, then spread: 25 ms
  // to 250 ms, full jitter (Envoy). 0 to 1 min. Raise it when the service needs longer to recover.
  Duration backoff = std::chrono::milliseconds(25);
  Duration backoff_most = std::chrono::milliseconds(250);
  Jitter jitter = Jitter::full;
  // Retries, over all calls, as a share of the calls: 0.2 (Envoy, Finagle). 0 to 1. Raise it with
  // care: it is what keeps retries from holding a service down.
  double budget = 0.2;
  // So many retries a second are always allowed: 3 (Envoy's least concurrency). 0 to 1,000,000; for
  // the process, divided among the shards.
  double budget_floor = 3;
};

// What becomes of an event when this enricher failed for it: any outcome but ok, no_match and
// condition_false.
enum class OnFailure : std::uint8_t {
  pass,         // it goes on without this enrichment
  drop,         // it is not written; counted
  dead_letter,  // it goes to the dead letter sink, with the reason
};
std::string_view to_string(OnFailure on_failure);

// How an enricher that has a life cycle (lifecycle.h) is started, looked after and stopped.
struct LifecycleOptions {
  // A start that takes longer is told to stop and the run goes on without the enricher; where it
  // succeeds all the same, the enricher is called from then on: 10 s (ours). 1 ms to 1 h. Raise it
  // when the first events must not go without the enricher.
  Duration start_timeout = std::chrono::seconds(10);
  // A start that failed is made again after this, doubled each time up to the most, then spread by
  // equal jitter: 1 s to 30 s (ours). 1 ms to 1 h. Raise it when starts are dear to others.
  Duration start_again_after = std::chrono::seconds(1);
  Duration start_again_after_most = std::chrono::seconds(30);
  // From the end of one health check to the next: 10 s (Kubernetes' probes, Docker's are at 30 s).
  // 1 ms to 1 h. Lower it when a minute of failing calls costs more than the checks.
  Duration health_period = std::chrono::seconds(10);
  // A check that takes longer has failed: 1 s (Kubernetes). 1 ms to 1 h. Raise it when the check
  // itself is slow.
  Duration health_timeout = std::chrono::seconds(1);
  // Checks that must fail in a row before calls end; one success brings them back: 2 (ours;
  // Kubernetes has 3). 1 to 1,000. Raise it when checks fail now and then although calls do not.
  std::uint32_t unhealthy_after = 2;
  // A stop that takes longer is told to stop, and the end does not wait for it any more: 5 s
  // (ours). 1 ms to 1 h. Raise it when what stop() writes out must not be lost.
  Duration stop_timeout = std::chrono::seconds(5);
};

// Whether all numbers are in the ranges above; an error's key is the member's name.
Result<void> check(const BreakerOptions& options);
Result<void> check(const BulkheadOptions& options);
Result<void> check(const RetryOptions& options);
Result<void> check(const LifecycleOptions& options);

}  // namespace logbraid
