#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "async/loop.h"
#include "benchmarks/support/rounds.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"
#include "resilience/circuit_breaker.h"

namespace logbraid::bench {

// A loop with the client of an enricher on it, and requests that are sent again as soon as they are
// back: what the client alone can do.
//
// Blocking: run().
class ClientLoad final : public RequestOwner {
 public:
  struct Parts {
    std::function<std::unique_ptr<Client>(const LookupSurroundings&)> make_client;
    std::size_t in_flight;                         // requests
    std::function<void(Request&)> add_keys;        // of the next one
    std::function<bool(const Request&)> is_right;  // what came back of one that did not fail
  };

  explicit ClientLoad(Parts parts)
      : parts_(std::move(parts)),
        client_(parts_.make_client({"bench", loop_.timers(), clock_, loop_.io(), front_, bulkhead_,
                                    retry_, std::chrono::seconds(1), 0, 1, shared_, recorder_})) {
    for (std::size_t i = 0; i < parts_.in_flight; ++i) {
      requests_.push_back(std::make_unique<Request>(*this));
    }
  }

  // Requests a second, once all connections stand. Once. An answer that is wrong ends the program.
  double run(double seconds) {
    seconds_ = seconds;
    for (const auto& request : requests_) send(*request);
    loop_.run([] { return false; });
    return static_cast<double>(done_ - warm_up()) / (wall_seconds() - start_);
  }

 private:
  std::uint64_t warm_up() const { return 100 * parts_.in_flight; }
  void send(Request& request) {
    request.begin();
    parts_.add_keys(request);
    ++under_way_;
    client_->send(request);
  }
  void request_ended(Request& request) noexcept override {
    --under_way_;
    require(request.error() == RequestError::none, request.why());
    require(parts_.is_right(request), "an answer");
    if (++done_ == warm_up()) start_ = wall_seconds();
    // A look at the clock for each would be a part of what is measured.
    if (done_ > warm_up() && done_ % 64 == 0 && wall_seconds() > start_ + seconds_) ended_ = true;
    if (!ended_) {
      send(request);
    } else if (under_way_ == 0) {
      loop_.stop();
    }
  }

  const Parts parts_;
  const SteadyClock clock_;
  Loop loop_{clock_};
  SharedOnShard shared_;
  LookupRecorder recorder_;
  const BulkheadOptions bulkhead_;
  const RetryOptions retry_;
  CircuitBreaker breaker_{{}, std::chrono::seconds(1), 0, {}};
  BreakerFront front_{breaker_};
  std::vector<std::unique_ptr<Request>> requests_;
  std::unique_ptr<Client> client_;  // first to go
  std::size_t under_way_ = 0;
  std::uint64_t done_ = 0;
  double seconds_ = 0;
  double start_ = 0;
  bool ended_ = false;
};

}  // namespace logbraid::bench
