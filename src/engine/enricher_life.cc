#include "engine/enricher_life.h"

#include <utility>

#include "engine/guarded_call.h"

namespace logbraid {
namespace {

// Runs code of an enricher; what it throws is an Error.
template <class Code>
Result<void> protect(Code&& code) noexcept {
  Arena arena;
  Result<void> result;
  const EnrichStatus status = GuardedCall::protect(arena, [&]() -> EnrichStatus {
    result = code();
    return {};
  });
  if (status.result == CallResult::error) return Error(std::string(status.reason));
  return result;
}

}  // namespace

EnricherLife::EnricherLife(const Parts& parts, const PlanNode& node)
    : Timer(&on_due),
      PoolTask(&work_in_pool),
      Posted(&on_returned),
      parts_(parts),
      enricher_(node.enricher),
      code_of_(enricher_),
      name_(node.name),
      state_(node.metadata.lifecycle.value_or(LifecycleOptions()),
             {code_of_.starts_and_stops(), code_of_.checks_health()},
             std::hash<std::string>{}(node.name)) {}

EnricherLife::~EnricherLife() { parts_.timers.remove(*this); }

HealthReport EnricherLife::report() const {
  return {name_, state_.healthy(), state_.times_unhealthy(), state_.first_error(),
          state_.running()};
}

void EnricherLife::obey(const LifecycleState::Orders& orders) {
  health_->set(state_.may_be_called());
  if (orders.begin) begin(*orders.begin);
  if (orders.tell) tell_to_stop();
  parts_.timers.remove(*this);
  if (state_.due() != TimePoint::max()) parts_.timers.set_at(*this, state_.due());
  parts_.changed(*this);
}

void EnricherLife::begin(LifecycleCode code) {
  code_ = code;
  result_ = {};
  if (!runs_on_loop(code)) {
    stop_source_ = std::stop_source();
    if (parts_.pool.submit(*this)) return;
    result_ = Error("no thread could be made for it");
    parts_.post(*this);
    return;
  }
  context_.emplace(parts_.timers, parts_.frames, parts_.io);
  result_ = protect([&]() -> Result<void> {
    task_.emplace(call_on_loop(code));
    return {};
  });
  if (task_) {
    task_->start(&on_coroutine_ended, this);
  } else {  // threw before it was a coroutine
    parts_.post(*this);
  }
}

bool EnricherLife::runs_on_loop(LifecycleCode code) const {
  return code == LifecycleCode::check_health ? code_of_.async_check != nullptr
                                             : code_of_.async != nullptr;
}

Task<Result<void>> EnricherLife::call_on_loop(LifecycleCode code) {
  switch (code) {
    case LifecycleCode::start:
      return code_of_.async->start(*context_);
    case LifecycleCode::check_health:
      return code_of_.async_check->check_health(*context_);
    case LifecycleCode::stop:
      break;
  }
  return code_of_.async->stop(*context_);
}

Result<void> EnricherLife::call_in_pool(LifecycleCode code) {
  switch (code) {
    case LifecycleCode::start:
      return code_of_.sync->start(stop_source_.get_token());
    case LifecycleCode::check_health:
      return code_of_.sync_check->check_health(stop_source_.get_token());
    case LifecycleCode::stop:
      break;
  }
  return code_of_.sync->stop(stop_source_.get_token());
}

void EnricherLife::tell_to_stop() {
  if (context_) {
    context_->request_stop();
  } else {
    stop_source_.request_stop();
  }
}

void EnricherLife::on_due(Timer& timer) noexcept {
  auto& life = static_cast<EnricherLife&>(timer);
  life.obey(life.state_.pass(life.parts_.timers.now()));
}

// Its frame is not destroyed from within: it comes back by the loop's inbox, as pool code does.
void EnricherLife::on_coroutine_ended(void* life) noexcept {
  auto& self = *static_cast<EnricherLife*>(life);
  self.parts_.timers.remove(self);  // it ended in time, whatever else is due in this turn
  self.parts_.post(self);
}

void EnricherLife::work_in_pool(PoolTask& task) noexcept {
  auto& life = static_cast<EnricherLife&>(task);
  life.result_ = protect([&] { return life.call_in_pool(life.code_); });
  life.parts_.post(life);
}

void EnricherLife::on_returned(Posted& posted) noexcept {
  auto& life = static_cast<EnricherLife&>(posted);
  if (life.task_) {
    life.result_ = protect([&] { return life.task_->take_result(); });
    life.task_.reset();
  }
  life.context_.reset();
  life.obey(life.state_.ended(std::exchange(life.result_, {}), life.parts_.timers.now()));
}

}  // namespace logbraid
