#include "logbraid/async_context.h"

#include <utility>

#include "async/activity.h"
#include "async/timers.h"

namespace logbraid {

TimePoint AsyncContext::now() const { return timers_->now(); }

AsyncContext::Running::Running(const AsyncContext& context) noexcept
    : activity_(context.activity_) {
  if (activity_ != nullptr) activity_->enter(context.node_);
}

AsyncContext::Running::~Running() {
  if (activity_ != nullptr) activity_->leave();
}

Sleep::~Sleep() {
  context_.timers_->remove(*this);
  if (context_.wait_point_ == this) context_.wait_point_ = nullptr;
}

bool Sleep::await_ready() const noexcept { return context_.stop_; }

void Sleep::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  context_.wait_point_ = this;
  context_.timers_->set(*this, duration_);
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
