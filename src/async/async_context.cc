#include "logbraid/async_context.h"

#include <algorithm>
#include <utility>

#include "async/activity.h"
#include "async/timers.h"

namespace logbraid {
namespace {

// How long a call that was told to stop may sleep at a time.
constexpr Duration kAfterStop = std::chrono::milliseconds(1);

}  // namespace

TimePoint AsyncContext::now() const { return timers_->now(); }

AsyncContext::Running::Running(Code code) noexcept : activity_(code.activity) {
  if (activity_ == nullptr) return;
  before_ = activity_->seen().node;
  activity_->enter(code.node);
}

AsyncContext::Running::~Running() {
  if (activity_ == nullptr) return;
  if (before_ == Activity::kNobody) {
    activity_->leave();
  } else {
    activity_->enter(before_);
  }
}

Sleep::~Sleep() {
  context_.timers_->remove(*this);
  if (context_.wait_point_ == this) context_.wait_point_ = nullptr;
}

// Once: one that does not listen must not keep the loop to itself.
bool Sleep::await_ready() noexcept {
  return context_.stop_ && !std::exchange(context_.told_, true);
}

void Sleep::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  context_.wait_point_ = this;
  context_.timers_->set(*this, context_.stop_ ? std::min(duration_, kAfterStop) : duration_);
}

bool Sleep::await_resume() const noexcept { return !context_.stop_; }

void Sleep::on_due(Timer& timer) noexcept { static_cast<Sleep&>(timer).resume(); }

void Sleep::on_call_off(WaitPoint& point) noexcept {
  auto& sleep = static_cast<Sleep&>(point);
  sleep.context_.timers_->remove(sleep);
  sleep.resume();
}

void Sleep::resume() noexcept {
  context_.wait_point_ = nullptr;
  const AsyncContext::Running running(context_);
  // The frame that holds *this may be gone when this returns.
  std::exchange(waiter_, nullptr).resume();
}

}  // namespace logbraid
