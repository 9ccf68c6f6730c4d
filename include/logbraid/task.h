#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "logbraid/frame_pool.h"

namespace logbraid {

// A coroutine that gives one T: what an async enricher returns and may await. It starts when it is
// awaited and runs on the shard that awaits it.
//
// Threads:  one at a time; not thread-safe.
// Lifetime: destroying a Task destroys its frame, wherever it is suspended.
// Errors:   an exception leaves through the await.
// Cost:     the frame comes from a FramePool when a parameter of the coroutine is an AsyncContext,
//           so a steady load allocates nothing.
template <class T>
class [[nodiscard]] Task {
 public:
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept;
  T await_resume();

  // For the engine: starts a task that nobody awaits. `ended` is called once when it is done, by
  // start() itself or later from the loop; it must not destroy the task.
  using Ended = void (*)(void* context) noexcept;
  void start(Ended ended, void* context);
  bool done() const { return handle_.done(); }
  // The value or the exception of a task that is done; once.
  T take_result();

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  void destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  Handle handle_;
};

template <class T>
class Task<T>::promise_type : public PooledFrame {
 public:
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwait {
    bool await_ready() noexcept { return false; }
    void await_suspend(Handle ending) noexcept {
      promise_type& promise = ending.promise();
      if (promise.starting_) return;  // who started it sees that it is done
      if (promise.ended_ != nullptr) {
        promise.ended_(promise.ended_context_);
      } else if (promise.waiter_) {
        promise.waiter_.resume();
      }
    }
    void await_resume() noexcept {}
  };
  FinalAwait final_suspend() noexcept { return {}; }

  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

 private:
  friend class Task;

  bool starting_ = true;  // until the first suspension has returned to who started it
  std::coroutine_handle<> waiter_;
  Ended ended_ = nullptr;
  void* ended_context_ = nullptr;
  std::optional<T> value_;
  std::exception_ptr exception_;
};

template <class T>
bool Task<T>::await_suspend(std::coroutine_handle<> waiter) noexcept {
  // Not by symmetric transfer: at -O0 and under ASan g++ 12 makes it a call that never returns, and
  // a loop of awaits that end at once fills the stack. This way such an await does not suspend.
  promise_type& promise = handle_.promise();
  promise.waiter_ = waiter;
  handle_.resume();
  promise.starting_ = false;
  return !handle_.done();
}

template <class T>
T Task<T>::await_resume() {
  return take_result();
}

template <class T>
void Task<T>::start(Ended ended, void* context) {
  promise_type& promise = handle_.promise();
  promise.ended_ = ended;
  promise.ended_context_ = context;
  handle_.resume();
  promise.starting_ = false;
  if (handle_.done()) ended(context);
}

template <class T>
T Task<T>::take_result() {
  promise_type& promise = handle_.promise();
  if (promise.exception_) std::rethrow_exception(std::exchange(promise.exception_, nullptr));
  return std::move(*promise.value_);
}

}  // namespace logbraid
