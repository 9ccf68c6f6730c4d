#include "benchmarks/support/stand_ins.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "benchmarks/support/rounds.h"
#include "logbraid/async_context.h"
#include "logbraid/registry.h"

namespace logbraid::bench {
namespace {

EnrichStatus answer(const FieldPath& field, const Act& act, Patch& patch) {
  if (act.how != Act::How::answer) return EnrichStatus::error("stand-in: made to fail");
  patch.set(field, Value(std::int64_t{1}));
  return CallResult::ok;
}

class Waiting final : public AsyncEnricher {
 public:
  Waiting(const std::string& field, Script script) : field_(field), script_(std::move(script)) {}

  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const Act act = script_(number_of(event));
    bool going_on = true;
    if (act.how == Act::How::hang) {
      while (going_on) going_on = co_await context.sleep(std::chrono::hours(1));
    } else {
      going_on = co_await context.sleep(act.time);
    }
    if (!going_on) co_return EnrichStatus::error("stand-in: told to stop");
    co_return answer(field_, act, patch);
  }

 private:
  const FieldPath field_;
  const Script script_;
};

class Blocking final : public SyncEnricher {
 public:
  Blocking(const std::string& field, Script script) : field_(field), script_(std::move(script)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Act act = script_(number_of(event));
    std::this_thread::sleep_for(act.time);
    return answer(field_, act, patch);
  }

 private:
  const FieldPath field_;
  const Script script_;
};

class Computing final : public SyncEnricher {
 public:
  Computing(const std::string& field, Duration time) : field_(field), time_(time) {}

  EnrichStatus enrich(const EventView&, Patch& patch) override {
    compute_for(time_);
    patch.set(field_, Value(std::int64_t{1}));
    return CallResult::ok;
  }

 private:
  const FieldPath field_;
  const Duration time_;
};

std::uint64_t spin(std::uint64_t steps) {
  std::uint64_t state = steps;
  for (std::uint64_t i = 0; i < steps; ++i) state = state * 6364136223846793005u + i;
  return state;
}

// Of spin() on this machine, the best of some tries: others may be busy.
double steps_a_nanosecond() {
  constexpr std::uint64_t kSteps = 1'000'000;
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const double start = thread_seconds();
    benchmark::DoNotOptimize(spin(kSteps));
    best = std::max(best, static_cast<double>(kSteps) / (thread_seconds() - start) * 1e-9);
  }
  return best;
}

}  // namespace

void compute_for(Duration time) {
  static const double speed = steps_a_nanosecond();
  benchmark::DoNotOptimize(
      spin(static_cast<std::uint64_t>(static_cast<double>(time.count()) * speed)));
}

std::uint64_t number_of(const EventView& event) {
  static const FieldPath number("n");
  return static_cast<std::uint64_t>(event.get(number).as_int64().value_or(0));
}

std::shared_ptr<AsyncEnricher> waiting(std::string field, Script script) {
  return std::make_shared<Waiting>(field, std::move(script));
}
std::shared_ptr<SyncEnricher> blocking(std::string field, Script script) {
  return std::make_shared<Blocking>(field, std::move(script));
}
std::shared_ptr<SyncEnricher> computing(std::string field, Duration time) {
  return std::make_shared<Computing>(field, time);
}

std::shared_ptr<const ExecutionPlan> plan_of(const std::vector<Part>& parts) {
  Registry registry;
  std::vector<std::string> names;
  for (const Part& part : parts) {
    EnricherMetadata metadata = part.more;
    metadata.name = part.name;
    metadata.dependencies = part.dependencies;
    EnricherInstance instance;
    instance.enricher = part.enricher;
    instance.placement = part.placement;
    instance.writes = {FieldPath(part.name)};
    require(registry.add(std::move(metadata), std::move(instance)).has_value(), "an enricher");
    names.push_back(part.name);
  }
  auto plan = registry.resolve(names);
  require(plan.has_value(), "a plan");
  return *plan;
}

}  // namespace logbraid::bench
