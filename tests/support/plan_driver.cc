#include "tests/support/plan_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "format/json_reader.h"
#include "format/json_writer.h"

namespace logbraid::test {

PlanPart part(std::string name, Placement placement, Step step) {
  auto script = std::make_shared<Script>();
  script->name = std::move(name);
  script->writes = FieldPath(script->name);
  script->step = [step](std::string_view) { return step; };
  return {std::move(script), placement, {}};
}

std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<PlanPart>& parts) {
  Registry registry;
  std::vector<std::string> names;
  for (const PlanPart& part : parts) {
    EnricherMetadata metadata = part.metadata;
    metadata.name = part.script->name;
    names.push_back(metadata.name);
    const Result<void> added =
        registry.add(std::move(metadata), make_scripted(part.script, part.placement));
    if (!added) throw std::runtime_error(added.error().to_string());
  }
  auto plan = registry.resolve(names);
  if (!plan) throw std::runtime_error(plan.error().to_string());
  return *plan;
}

PlanDriver::PlanDriver(std::shared_ptr<const ExecutionPlan> plan, const ExecutionOptions& options,
                       Hangs* hangs)
    : plan_(std::move(plan)),
      options_(options),
      hangs_(hangs),
      plan_state_(*plan_, options_),
      pool_({.most = options.max_parallel_threads,
             .most_stuck = options.max_stuck_threads,
             .name = "test"}) {
  const auto post = [this](Posted& posted) {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(&posted);
    }
    arrived_.notify_one();
  };
  if (hangs_ != nullptr) {
    hangs_->on_change([this] {
      { const std::lock_guard lock(mutex_); }  // whoever looked just now waits when it is free
      arrived_.notify_one();
    });
  }
  PlanRunner::Parts parts{*plan_,    options_, plan_state_,
                          timers_,   clock_,   local_hour_,
                          pool_,     post,     static_cast<PlanRunnerEvents&>(*this),
                          activity_, &io_};
  parts.idle_cores = [this] { return idle_cores_; };
  parts.thread_time = [this] {
    return computes_ ? clock_.now().time_since_epoch() : Duration::zero();
  };
  runner_ = std::make_unique<PlanRunner>(std::move(parts));
}

PlanDriver::~PlanDriver() {
  if (hangs_ != nullptr) hangs_->release();
  wait_for_late_calls();
}

// One batch an event, so that each is done on its own.
void PlanDriver::add(const std::vector<std::string>& messages) {
  for (const std::string& message : messages) {
    auto batch = std::make_unique<Batch>();
    const std::string_view text = batch->arena().copy(message);
    auto* const field = batch->arena().allocate_array<Field>(1);
    *field = {"message",   text.data(), 7,    static_cast<std::uint32_t>(text.size()),
              Token::text, false,       false};
    batch->records().push_back({Event({field, 1}, key_bit("message"), {}), text, {}});
    add(std::move(batch));
  }
}

void PlanDriver::add_events(const std::vector<std::string>& events) {
  JsonReader reader;
  for (const std::string& event : events) {
    auto batch = std::make_unique<Batch>();
    batch->reserve(event.size());
    event.copy(batch->buffer(), event.size());
    batch->set_size(event.size());
    reader.read(*batch);
    ASSERT_EQ(batch->records().size(), 1u) << event;
    add(std::move(batch));
  }
}

void PlanDriver::add(std::unique_ptr<Batch> batch) {
  batch->sequence = runs_.size();
  runs_.push_back(std::make_unique<BatchRun>(std::move(batch), plan_->size(),
                                             options_.status ? &*options_.status : nullptr));
  started_.emplace_back();
  finished_.emplace_back();
}

bool PlanDriver::admit() {
  bool any = false;
  while (next_ < runs_.size()) {
    if (runner_->in_flight() >= options_.in_flight || !runner_->accepts()) return any;
    any = true;
    BatchRun& run = *runs_[next_];
    started_[next_++] = timers_.now();
    runner_->admit(run, 1);
  }
  return any;
}

bool PlanDriver::take_posted() {
  std::vector<Posted*> posted;
  {
    const std::lock_guard lock(mutex_);
    posted.swap(posted_);
  }
  for (Posted* const each : posted) each->run(*each);
  return !posted.empty();
}

bool PlanDriver::step(bool wait_for_pool) {
  const std::size_t before = finished_count_;
  const bool admitted = admit();
  runner_->drain();
  if (admitted || take_posted() || finished_count_ != before || runner_->has_more()) return true;
  if (wait_for_pool && runner_->pool_calls_out() != 0) {
    pool_.nudge();
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !posted_.empty() || !can_come_back(); });
    if (!posted_.empty()) return true;
  }
  const TimePoint next = timers_.next_due();
  if (next == TimePoint::max()) return false;
  clock_.advance_to(next);
  timers_.advance(clock_.now());
  return true;
}

// Whether a pool call ends without a deadline's help. Those that hang are read before those that
// are queued: one that goes from here to there meanwhile is missed, and tells when it hangs.
bool PlanDriver::can_come_back() {
  const unsigned out = runner_->pool_calls_out();
  const unsigned hanging = hangs_ == nullptr ? 0 : hangs_->waited_for();
  const unsigned forgotten = hangs_ == nullptr ? 0 : hangs_->forgotten();
  const unsigned queued = pool_.queued();
  if (out != hanging + forgotten + queued) return true;
  return queued != 0 && hanging < pool_.most();
}

void PlanDriver::run(bool wait_for_pool) {
  while (finished_count_ < runs_.size()) {
    ASSERT_TRUE(step(wait_for_pool)) << "nothing moves any more, and events are not done";
  }
}

void PlanDriver::wait_for_late_calls() {
  while (runner_->pool_calls_out() != 0) {
    {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [&] { return !posted_.empty(); });
    }
    take_posted();
    runner_->drain();
  }
}

void PlanDriver::batch_done(BatchRun& run) {
  const std::size_t index = run.batch().sequence;
  Finished& finished = finished_[index];
  JsonWriter writer;
  writer.write(run.batch().records()[0].event, run.row(0), finished.line);
  finished.line.pop_back();
  finished.outcomes.assign(run.slot(0).outcomes, run.slot(0).outcomes + plan_->size());
  finished.latency = timers_.now() - started_[index];
  ++finished_count_;
  run.written = true;
  if (run.held == 0) batch_released(run);
}

void PlanDriver::batch_released(BatchRun& run) {
  ++released_;
  // Its memory goes away: a late read or write through it is seen by the sanitizers.
  const std::unique_ptr<Batch> gone = run.take_batch();
}

std::vector<std::string> PlanDriver::lines() const {
  std::vector<std::string> lines;
  for (const Finished& finished : finished_) lines.push_back(finished.line);
  return lines;
}

Outcome PlanDriver::outcome(std::size_t event, std::string_view enricher) const {
  for (std::uint32_t i = 0; i < plan_->size(); ++i) {
    if ((*plan_)[i].name == enricher) return finished_.at(event).outcomes.at(i);
  }
  throw std::runtime_error("no enricher of that name");
}

}  // namespace logbraid::test
