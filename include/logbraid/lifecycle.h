#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "logbraid/async_context.h"
#include "logbraid/result.h"
#include "logbraid/task.h"

namespace logbraid {

// What an enricher may be besides: something that is started before its first call, looked after
// while it is called, and stopped after its last. It implements what it needs of these interfaces:
//
//   class Users final : public AsyncEnricher, public AsyncLifecycle, public AsyncHealthCheck { ...
//   };
//
// One that implements none costs nothing. While an enricher is not started, or its health check
// fails, it is not called: the outcome is `unhealthy`, its fallback is set, all else goes on. The
// times are those of LifecycleOptions.
//
// Threads:  one of these functions at a time, none of them on a shard: coroutines on a loop that
//           life cycles have for themselves and must not block, the others on threads of their own.
//           Calls run beside check_health(), and see what start() wrote.
// Lifetime: the instance outlives them. In two engines it is started by each.
// Errors:   an Error returned or an exception thrown is a failure; its text is reported.

// Started and stopped by coroutines. Of an enricher that has both kinds of an interface the
// coroutine is taken.
class AsyncLifecycle {
 public:
  virtual ~AsyncLifecycle() = default;
  // Once before the first call, not once a shard. One that fails leaves nothing behind that stop()
  // would have to take down, for stop() is not called; it is called again after a while.
  virtual Task<Result<void>> start(AsyncContext& context) = 0;
  // Once after each start that succeeded, when the last call has ended. Another run may start it
  // again.
  virtual Task<Result<void>> stop(AsyncContext& context) = 0;
};

// The same by functions, which may block. `told` says that nobody waits any more: end soon.
class SyncLifecycle {
 public:
  virtual ~SyncLifecycle() = default;
  virtual Result<void> start(std::stop_token told) = 0;
  virtual Result<void> stop(std::stop_token told) = 0;
};

// Asked from time to time between start and stop whether calls are worth making.
class AsyncHealthCheck {
 public:
  virtual ~AsyncHealthCheck() = default;
  virtual Task<Result<void>> check_health(AsyncContext& context) = 0;
};
class SyncHealthCheck {
 public:
  virtual ~SyncHealthCheck() = default;
  virtual Result<void> check_health(std::stop_token told) = 0;
};

// Which of these functions.
enum class LifecycleCode : std::uint8_t { start, check_health, stop };
std::string_view to_string(LifecycleCode code);

// How an enricher with a life cycle fares.
struct HealthReport {
  std::string enricher;
  bool healthy = false;               // it is called; after its stop: was, until then
  std::uint32_t times_unhealthy = 0;  // that it became so; a start that failed counts
  std::string first_error;            // a sentence; empty: nothing has failed
  std::optional<LifecycleCode> running;
};

}  // namespace logbraid
