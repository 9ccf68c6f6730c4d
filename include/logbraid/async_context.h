#pragma once

#include <coroutine>
#include <cstdint>

#include "logbraid/clock.h"
#include "logbraid/frame_pool.h"
#include "logbraid/timer.h"

namespace logbraid {

class Activity;
class AsyncContext;
class Timers;

// The loop of a shard as an event loop of Boost.Asio, for logbraid/asio.h: what is std only cannot
// name its type.
struct LoopIo {
  void* io_context;   // boost::asio::io_context
  bool used = false;  // somebody waits on it: it is looked at in every round, idle or not
};

// A place where a coroutine waits and can be called off.
struct WaitPoint {
  using CallOff = void (*)(WaitPoint& point) noexcept;
  CallOff call_off;
};

// `co_await context.sleep(5ms)`: true after that time, false as soon as the call is told to stop.
// A call that sleeps on after that wakes every millisecond: it may end, and holds up nobody.
class [[nodiscard]] Sleep : private Timer, private WaitPoint {
 public:
  Sleep(AsyncContext& context, Duration duration)
      : Timer(&Sleep::on_due),
        WaitPoint{&Sleep::on_call_off},
        context_(context),
        duration_(duration) {}
  ~Sleep();

  bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  bool await_resume() const noexcept;

 private:
  static void on_due(Timer& timer) noexcept;
  static void on_call_off(WaitPoint& point) noexcept;
  void resume() noexcept;

  AsyncContext& context_;
  Duration duration_;
  std::coroutine_handle<> waiter_;
};

// What an async call knows of its surroundings: the loop's timers, its deadline, and whether it has
// been told to stop.
//
// Threads:  the shard's.
// Lifetime: one call's.
// Blocking: never.
class AsyncContext {
 public:
  // `io` may be null: then nothing of Asio can run in the call. `activity`: where to say that
  // `node` runs; may be null.
  AsyncContext(Timers& timers, FramePool& frames, LoopIo* io = nullptr,
               Activity* activity = nullptr, std::uint32_t node = 0)
      : timers_(&timers), frames_(&frames), io_(io), activity_(activity), node_(node) {}
  AsyncContext(const AsyncContext&) = delete;
  AsyncContext& operator=(const AsyncContext&) = delete;

  // A negative or zero duration still gives the loop a turn.
  Sleep sleep(Duration duration) { return Sleep(*this, duration); }
  // True when nobody waits for the result any more: end soon, what is returned is dropped.
  bool stop_requested() const { return stop_; }
  TimePoint now() const;

  // For the engine.
  void request_stop() noexcept {
    stop_ = true;
    if (wait_point_ != nullptr) wait_point_->call_off(*wait_point_);
  }
  FramePool& frames() { return *frames_; }
  Timers& timers() { return *timers_; }
  LoopIo* io() { return io_; }
  // For awaitables: what is called off when the call is told to stop. Null when it goes on.
  void wait_at(WaitPoint* point) noexcept { wait_point_ = point; }
  // Whose code it is, for what may outlive the call.
  struct Code {
    Activity* activity;  // may be null
    std::uint32_t node;
  };
  Code code() const { return {activity_, node_}; }
  // Says, while it lives, that code of a call runs: around each resumption. Where another's runs
  // already, that one goes on afterwards.
  class Running {
   public:
    explicit Running(const AsyncContext& context) noexcept : Running(context.code()) {}
    explicit Running(Code code) noexcept;
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Activity* activity_;
    std::uint32_t before_ = 0;
  };

 private:
  friend class Sleep;

  Timers* timers_;
  FramePool* frames_;
  LoopIo* io_;
  Activity* activity_;
  std::uint32_t node_;
  WaitPoint* wait_point_ = nullptr;  // where the call is suspended, if that can be called off
  bool stop_ = false;
  bool told_ = false;  // a sleep that began after that has said so
};

inline FramePool& frame_pool_of(AsyncContext& context) noexcept { return context.frames(); }

}  // namespace logbraid
