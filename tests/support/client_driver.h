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
  explicit ClientDriver(const MakeClient& make, Duration timeout = std::chrono::seconds(30));
  // Destroys the client on the loop, and the loop.
  ~ClientDriver();
  ClientDriver(const ClientDriver&) = delete;
  ClientDriver& operator=(const ClientDriver&) = delete;

  Ended ask(const std::vector<std::string>& keys) { return send(keys).ended.get(); }
  Sent send(const std::vector<std::string>& keys);
  void cancel(Request& request);
  void warm_up();
  // As a shard does when its plan goes.
  void destroy_client();
  void on_loop(const std::function<void()>& what);

  const LookupRecorder& recorder() const { return recorder_; }

 private:
  class Asked;

  const SteadyClock clock_;
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
