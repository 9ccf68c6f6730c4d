#include "tests/soak/soak_enrichers.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/async_context.h"
#include "logbraid/enricher.h"
#include "logbraid/registry.h"

namespace logbraid::soak {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// One thing that is alive, as long as this is.
class Counted {
 public:
  explicit Counted(std::atomic<std::int64_t>& count) : count_(count) { count_.fetch_add(1); }
  ~Counted() { count_.fetch_sub(1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<std::int64_t>& count_;
};

// What the enrichers share: chance, and what is set.
class Base {
 public:
  Base(std::string name, std::uint64_t seed, Alive& alive)
      : name_(std::move(name)), seed_(seed), alive_(alive), field_(name_ + ".value") {}

 protected:
  static std::uint64_t number(const EventView& event) {
    static const FieldPath kNumber("n");
    return event.get(kNumber).as_uint64().value_or(0);
  }
  // A number that looks random, below `below`. (splitmix64)
  std::uint64_t chance(std::uint64_t event, std::uint64_t salt, std::uint64_t below) const {
    std::uint64_t x = seed_ + salt * 0xD1B54A32D192ED03u + event * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30u)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27u)) * 0x94D049BB133111EBu;
    return (x ^ (x >> 31u)) % below;
  }
  // Of a hundred: `failing` fail, half of them by throwing; five find nothing.
  EnrichStatus end(std::uint64_t event, std::uint64_t failing, Patch& patch) const {
    const std::uint64_t drawn = chance(event, 1, 100);
    if (drawn < failing / 2) throw std::runtime_error(name_ + " threw");
    if (drawn < failing) return patch.fail(name_ + " failed");
    if (drawn >= 95) return EnrichStatus::no_match();
    patch.set(field_, event * 2);
    return {};
  }
  Alive& alive() const { return alive_; }
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  const std::uint64_t seed_;
  Alive& alive_;
  const FieldPath field_;
};

// Cheap code that sometimes fails.
class Cheap final : public Base, public SyncEnricher {
 public:
  Cheap(Base base, std::uint64_t failing) : Base(std::move(base)), failing_(failing) {}
  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Counted call(alive().calls);
    return end(number(event), failing_, patch);
  }

 private:
  const std::uint64_t failing_;
};

// A span at a time; one in a thousand throws.
class Spans final : public Base, public BatchEnricher {
 public:
  explicit Spans(Base base) : Base(std::move(base)) {}
  void enrich(std::span<BatchCall> calls) override {
    const Counted call(alive().calls);
    for (BatchCall& each : calls) {
      const std::uint64_t event = number(each.event);
      if (chance(event, 2, 100) < 5) each.status = EnrichStatus::error("failed");
    }
    if (chance(number(calls[0].event), 3, 1000) == 0) throw 42;
  }
};

// Blocks: until it is told to stop, and a few times to the end of the run.
class Blocks final : public Base, public SyncEnricher {
 public:
  explicit Blocks(Base base) : Base(std::move(base)) {}
  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Counted call(alive().calls);
    const std::uint64_t drawn = chance(number(event), 4, 5'000);
    if (drawn == 0 && forgotten_.fetch_add(1) < kForgotten) {
      alive().let_go.wait();
    } else if (drawn < 3) {
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait(lock, event.stop_token(), [] { return false; });
    }
    return end(number(event), 10, patch);
  }

 private:
  static constexpr int kForgotten = 4;
  std::atomic<int> forgotten_{0};
};

// Waits up to 2 ms; one in 20,000 hangs, half of those go on for a while when told to stop.
class Waits final : public Base, public AsyncEnricher {
 public:
  explicit Waits(Base base) : Base(std::move(base)) {}
  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const Counted frame(alive().coroutines);
    const std::uint64_t drawn = chance(number(event), 5, 40'000);
    if (drawn < 2) {
      while (!context.stop_requested()) co_await context.sleep(std::chrono::hours(1));
      if (drawn == 0) co_await context.sleep(milliseconds(3));
    } else {
      co_await context.sleep(microseconds(drawn % 2000));
    }
    co_return end(number(event), 10, patch);
  }
};

// Many events in one request; one request in a thousand throws.
class Asks final : public Base, public AsyncBatchEnricher {
 public:
  explicit Asks(Base base) : Base(std::move(base)) {}
  Task<EnrichStatus> enrich(std::span<BatchCall> calls, AsyncContext& context) override {
    const Counted frame(alive().coroutines);
    const std::uint64_t first = number(calls[0].event);
    co_await context.sleep(microseconds(500));
    for (BatchCall& each : calls) {
      if (chance(number(each.event), 6, 100) < 5) each.status = EnrichStatus::error("failed");
    }
    if (chance(first, 7, 1000) == 0) throw std::runtime_error(name() + " threw");
    co_return EnrichStatus();
  }
};

// Down for every fifth stretch of events.
class Outage final : public Base, public AsyncEnricher {
 public:
  static constexpr std::uint64_t kStretch = 100'000;
  explicit Outage(Base base) : Base(std::move(base)) {}
  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const Counted frame(alive().coroutines);
    co_await context.sleep(microseconds(200));
    const bool down = number(event) / kStretch % 5 == 4;
    co_return end(number(event), down ? 100 : 2, patch);
  }
};

}  // namespace

std::shared_ptr<const ExecutionPlan> soak_plan(std::uint64_t seed, Alive& alive) {
  Registry registry;
  std::vector<std::string> names;
  const auto base = [&](const char* name) { return Base(name, seed + names.size(), alive); };
  const auto add = [&](EnricherMetadata metadata, EnricherPtr enricher, Placement placement) {
    names.push_back(metadata.name);
    const auto added =
        registry.add(std::move(metadata), EnricherInstance{std::move(enricher), placement, {}, {}});
    if (!added) throw std::runtime_error(added.error().to_string());
  };
  const auto metadata = [](const char* name, std::vector<std::string> after = {}) {
    EnricherMetadata made;
    made.name = name;
    made.dependencies = std::move(after);
    return made;
  };

  add(metadata("fine"), std::make_shared<Cheap>(base("fine"), 0), Placement::inline_);
  EnricherMetadata moody = metadata("moody", {"fine"});
  moody.on_failure = OnFailure::dead_letter;
  add(std::move(moody), std::make_shared<Cheap>(base("moody"), 4), Placement::inline_);
  EnricherMetadata spans = metadata("spans");
  spans.on_failure = OnFailure::drop;
  add(std::move(spans), std::make_shared<Spans>(base("spans")), Placement::inline_);
  add(metadata("measured"), std::make_shared<Cheap>(base("measured"), 10), Placement::automatic);
  EnricherMetadata blocks = metadata("blocks", {"moody"});
  blocks.timeout = milliseconds(20);
  blocks.retry.retries = 1;
  // A hop to the pool costs more than all the others do: not for every event.
  blocks.conditions.condition_func = [](const EventView& event) {
    static const FieldPath kNumber("n");
    return event.get(kNumber).as_uint64().value_or(0) % 16 == 0;
  };
  add(std::move(blocks), std::make_shared<Blocks>(base("blocks")), Placement::pool);
  EnricherMetadata waits = metadata("waits");
  waits.timeout = milliseconds(50);
  add(std::move(waits), std::make_shared<Waits>(base("waits")), Placement::async);
  EnricherMetadata asks = metadata("asks", {"waits"});
  add(std::move(asks), std::make_shared<Asks>(base("asks")), Placement::async);
  EnricherMetadata outage = metadata("outage");
  outage.retry.retries = 1;
  auto fallback = std::make_shared<ConstantFields>();
  if (!fallback->add("outage.value", -1)) throw std::runtime_error("no fallback");
  outage.fallback = std::move(fallback);
  add(std::move(outage), std::make_shared<Outage>(base("outage")), Placement::async);

  auto plan = registry.resolve(names);
  if (!plan) throw std::runtime_error(plan.error().to_string());
  return *plan;
}

}  // namespace logbraid::soak
