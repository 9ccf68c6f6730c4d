#include "tests/support/scripted_life.h"

#include <stdexcept>
#include <utility>

#include "logbraid/async_context.h"

namespace logbraid::test {
namespace {

// How a step ends.
Result<void> end_of(LifeStep step) {
  switch (step) {
    case LifeStep::error:
    case LifeStep::gives_up:
    case LifeStep::deaf_and_fails:
      return Error("as the script says");
    case LifeStep::throws_exception:
      throw std::runtime_error("thrown");
    case LifeStep::throws_int:
      throw 42;
    default:
      return {};
  }
}

bool ends_well(LifeStep step) {
  return step == LifeStep::ok || step == LifeStep::listens || step == LifeStep::deaf;
}
bool listens(LifeStep step) { return step == LifeStep::listens || step == LifeStep::gives_up; }
bool is_deaf(LifeStep step) { return step == LifeStep::deaf || step == LifeStep::deaf_and_fails; }

EnrichStatus enrich_lived(LifeRecord& record, Patch& patch) {
  static const FieldPath kLived("lived");
  record.begin_call();
  patch.set(kLived, true);
  record.end_call();
  return {};
}

class SyncLived final : public SyncEnricher, public SyncLifecycle, public SyncHealthCheck {
 public:
  explicit SyncLived(std::shared_ptr<LifeRecord> record) : record_(std::move(record)) {}

  EnrichStatus enrich(const EventView&, Patch& patch) override {
    return enrich_lived(*record_, patch);
  }
  Result<void> start(std::stop_token told) override { return run(LifecycleCode::start, told); }
  Result<void> stop(std::stop_token told) override { return run(LifecycleCode::stop, told); }
  Result<void> check_health(std::stop_token told) override {
    return run(LifecycleCode::check_health, told);
  }

 private:
  Result<void> run(LifecycleCode code, const std::stop_token& told) {
    const LifeStep step = record_->begin(code);
    if (is_deaf(step)) record_->wait_until_let_go();
    if (listens(step)) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any nobody_else;
      nobody_else.wait(lock, told, [] { return false; });
    }
    record_->end(code, ends_well(step));
    return end_of(step);
  }

  const std::shared_ptr<LifeRecord> record_;
};

class AsyncLived final : public AsyncEnricher, public AsyncLifecycle, public AsyncHealthCheck {
 public:
  explicit AsyncLived(std::shared_ptr<LifeRecord> record) : record_(std::move(record)) {}

  Task<EnrichStatus> enrich(const EventView&, Patch& patch, AsyncContext& context) override {
    co_await context.sleep(Duration::zero());
    co_return enrich_lived(*record_, patch);
  }
  Task<Result<void>> start(AsyncContext& context) override {
    return run(LifecycleCode::start, context);
  }
  Task<Result<void>> stop(AsyncContext& context) override {
    return run(LifecycleCode::stop, context);
  }
  Task<Result<void>> check_health(AsyncContext& context) override {
    return run(LifecycleCode::check_health, context);
  }

 private:
  Task<Result<void>> run(LifecycleCode code, AsyncContext& context) {
    const LifeStep step = record_->begin(code);
    while (is_deaf(step) && !record_->is_let_go()) {
      co_await context.sleep(std::chrono::milliseconds(1));
    }
    while (listens(step) && !context.stop_requested()) {
      co_await context.sleep(std::chrono::hours(1));
    }
    record_->end(code, ends_well(step));
    co_return end_of(step);
  }

  const std::shared_ptr<LifeRecord> record_;
};

}  // namespace

LifeStep LifeRecord::begin(LifecycleCode code) {
  int nth = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::string name(to_string(code));
    must(running_.empty(), name + " while " + running_);
    must(started_ == (code != LifecycleCode::start), name + (started_ ? " twice" : " of none"));
    must(code != LifecycleCode::stop || calls_out_ == 0, "stop beside a call");
    running_ = name;
    nth = begun_[static_cast<int>(code)]++;
  }
  changed_.notify_all();
  return script_ ? script_(code, nth) : LifeStep::ok;
}

void LifeRecord::end(LifecycleCode code, bool well) {
  const std::lock_guard lock(mutex_);
  running_.clear();
  if (code == LifecycleCode::start) started_ = well;
  if (code == LifecycleCode::stop) started_ = false;
}

void LifeRecord::begin_call() {
  const std::lock_guard lock(mutex_);
  must(started_ && running_ != to_string(LifecycleCode::stop), "a call before start or after stop");
  ++calls_;
  ++calls_out_;
}

void LifeRecord::end_call() {
  const std::lock_guard lock(mutex_);
  --calls_out_;
}

void LifeRecord::must(bool holds, const std::string& what) {
  if (!holds) violations_.push_back(what);
}

void LifeRecord::let_go() {
  const std::lock_guard lock(mutex_);
  let_go_ = true;
  changed_.notify_all();
}

bool LifeRecord::is_let_go() const {
  const std::lock_guard lock(mutex_);
  return let_go_;
}

void LifeRecord::wait_until_let_go() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return let_go_; });
}

void LifeRecord::wait_for(LifecycleCode code, int begun) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return begun_[static_cast<int>(code)] >= begun; });
}

int LifeRecord::begun(LifecycleCode code) const {
  const std::lock_guard lock(mutex_);
  return begun_[static_cast<int>(code)];
}

int LifeRecord::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<std::string> LifeRecord::violations() const {
  const std::lock_guard lock(mutex_);
  return violations_;
}

EnricherInstance make_lived(std::shared_ptr<LifeRecord> record, Placement placement) {
  EnricherInstance instance;
  instance.placement = placement;
  instance.writes = {FieldPath("lived")};
  if (placement == Placement::async) {
    instance.enricher = std::make_shared<AsyncLived>(std::move(record));
  } else {
    instance.enricher = std::make_shared<SyncLived>(std::move(record));
  }
  return instance;
}

}  // namespace logbraid::test
