#include "tests/support/random_enricher.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/async_context.h"
#include "logbraid/enricher.h"
#include "logbraid/registry.h"
#include "tests/support/random_lookup.h"
#include "tests/support/scripted_enricher.h"

namespace logbraid::test {
namespace {

using Hang = Act::Hang;

// What all forms share: the code of one call, but for its waiting.
class Code {
 public:
  Code(const RandomPlan& plan, const RandomNode& node, RandomRun& run)
      : node_(node), run_(run), own_(node.own()) {
    for (const std::string& field : plan.fields()) looks_at_.emplace_back(field);
    if (!node.sets.empty()) sets_ = FieldPath(node.sets);
    if (!node.removes.empty()) removes_ = FieldPath(node.removes);
  }

  static std::uint64_t number_of(const EventView& event) {
    static const FieldPath kMessage("message");
    const std::string_view text = event.get_string(kMessage);
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  // Sets its fields to a digest of all it sees, then ends as it is told to.
  EnrichStatus finish(const Act& act, std::uint32_t attempt, const EventView& event,
                      Patch& patch) const {
    std::vector<std::string> found;
    for (const FieldPath& path : looks_at_) found.emplace_back(event.get(path).text());
    const std::string made = digest(node_.name, std::to_string(number_of(event)), found);
    // Set before it fails: what a failed call has set must not be seen.
    patch.set(own_, made);
    if (!sets_.empty()) patch.set(sets_, made);
    if (!removes_.empty()) patch.remove(removes_);
    if (attempt < act.failures_first) return patch.fail(node_.name + " failed");
    switch (act.ending) {
      case Ending::ok:
        return {};
      case Ending::no_match:
        return EnrichStatus::no_match();
      case Ending::error:
        return patch.fail(node_.name + " failed");
      case Ending::bad_event:
        return EnrichStatus::bad_event("bad event");
      case Ending::throws_exception:
        throw std::runtime_error(node_.name + " threw");
      case Ending::throws_int:
        throw 42;
      case Ending::huge: {
        const std::string text(Patch::kMaxBytes / 2, 'x');
        for (int i = 0; i < 3; ++i) patch.set(own_, text);
        return {};
      }
    }
    return {};
  }

  void compute(const Act& act) const {
    const bool in_place = node_.placement == Placement::inline_;
    if (in_place && run_.compute) run_.compute(act.delay * run_.unit / 20);
  }

  const RandomNode& node() const { return node_; }
  RandomRun& run() const { return run_; }

 private:
  const RandomNode& node_;
  RandomRun& run_;
  const FieldPath own_;
  FieldPath sets_;
  FieldPath removes_;
  std::vector<FieldPath> looks_at_;
};

class RandomSync final : public SyncEnricher {
 public:
  explicit RandomSync(Code code) : code_(std::move(code)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const std::uint64_t number = Code::number_of(event);
    const Act act = code_.node().act(number);
    const Ledger::Visit visit(code_.run().ledger, code_.node().name, number, act.hang != Hang::no);
    if (act.hang != Hang::no) {
      code_.run().hangs.hang(event.stop_token(), act.hang == Hang::to_the_end);
    }
    code_.compute(act);
    return code_.finish(act, visit.attempt(), event, patch);
  }

 private:
  const Code code_;
};

class RandomBatch final : public BatchEnricher {
 public:
  explicit RandomBatch(Code code) : code_(std::move(code)) {}

  void enrich(std::span<BatchCall> calls) override {
    std::deque<Ledger::Visit> visits;
    for (BatchCall& call : calls) {
      const std::uint64_t number = Code::number_of(call.event);
      const Act act = code_.node().act(number);
      visits.emplace_back(code_.run().ledger, code_.node().name, number, act.hang != Hang::no);
      if (act.hang != Hang::no) {
        code_.run().hangs.hang(call.event.stop_token(), act.hang == Hang::to_the_end);
      }
      code_.compute(act);
      call.status = code_.finish(act, visits.back().attempt(), call.event, *call.patch);
    }
    if (code_.node().always_throws) throw std::runtime_error(code_.node().name + " threw");
  }

 private:
  const Code code_;
};

class RandomAsync final : public AsyncEnricher {
 public:
  explicit RandomAsync(Code code) : code_(std::move(code)) {}

  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const std::uint64_t number = Code::number_of(event);
    const Act act = code_.node().act(number);
    const Ledger::Visit visit(code_.run().ledger, code_.node().name, number, act.hang != Hang::no);
    const Duration unit = code_.run().unit;
    if (act.hang != Hang::no) {
      while (!context.stop_requested()) co_await context.sleep(std::chrono::hours(1));
      if (code_.node().late) co_await context.sleep(2 * unit);
    } else if (act.delay != 0) {
      co_await context.sleep(act.delay * unit);
    }
    co_return code_.finish(act, visit.attempt(), event, patch);
  }

 private:
  const Code code_;
};

class RandomAsyncBatch final : public AsyncBatchEnricher {
 public:
  explicit RandomAsyncBatch(Code code) : code_(std::move(code)) {}

  Task<EnrichStatus> enrich(std::span<BatchCall> calls, AsyncContext& context) override {
    const bool hangs = code_.node().hangs;
    const Duration unit = code_.run().unit;
    std::uint32_t delay = 0;
    std::deque<Ledger::Visit> visits;
    for (const BatchCall& call : calls) {
      const std::uint64_t number = Code::number_of(call.event);
      delay = std::max(delay, code_.node().act(number).delay);
      visits.emplace_back(code_.run().ledger, code_.node().name, number, hangs);
    }
    if (hangs) {
      while (!context.stop_requested()) co_await context.sleep(std::chrono::hours(1));
      if (code_.node().late) co_await context.sleep(2 * unit);
    } else if (delay != 0) {
      co_await context.sleep(delay * unit);
    }
    for (BatchCall& call : calls) {
      const Act act = code_.node().act(Code::number_of(call.event));
      call.status = code_.finish(act, 0, call.event, *call.patch);
    }
    if (code_.node().always_throws) throw std::runtime_error(code_.node().name + " threw");
    co_return EnrichStatus();
  }
  std::size_t max_batch() const override { return 1 + code_.node().seed % 7; }

 private:
  const Code code_;
};

EnricherInstance instance_of(const RandomPlan& plan, const RandomNode& node, RandomRun& run) {
  Code code(plan, node, run);
  EnricherInstance instance;
  instance.placement = node.placement;
  switch (node.form) {
    case RandomNode::Form::sync:
      instance.enricher = std::make_shared<RandomSync>(std::move(code));
      break;
    case RandomNode::Form::batch:
      instance.enricher = std::make_shared<RandomBatch>(std::move(code));
      break;
    case RandomNode::Form::async:
      instance.enricher = std::make_shared<RandomAsync>(std::move(code));
      break;
    case RandomNode::Form::async_batch:
      instance.enricher = std::make_shared<RandomAsyncBatch>(std::move(code));
      break;
    case RandomNode::Form::lookup:
      return make_random_lookup(node, run);
  }
  return instance;
}

EnricherMetadata metadata_of(const RandomNode& node) {
  EnricherMetadata metadata;
  metadata.name = node.name;
  metadata.priority = node.priority;
  metadata.dependencies = node.dependencies;
  metadata.required = node.required;
  for (const std::string& field : node.reads) metadata.reads.emplace_back(field);
  if (node.declares_writes) {
    metadata.writes.emplace_back(node.own());
    if (!node.sets.empty()) metadata.writes.emplace_back(node.sets);
    if (!node.removes.empty()) metadata.writes.emplace_back(node.removes);
  }
  if (!node.when.empty()) {
    metadata.when =
        *Predicate::parse(Setting::map({{"field", Setting(node.when)}, {"exists", Setting(true)}}));
  }
  if (node.only_errors) metadata.conditions.min_level = "ERROR";
  if (node.condition_func) {
    metadata.conditions.condition_func = [&node](const EventView& event) {
      return !node.off_for(Code::number_of(event));
    };
  }
  if (node.fallback) {
    auto fields = std::make_shared<ConstantFields>();
    if (!fields->add(node.own(), "fallback")) throw std::runtime_error("no field " + node.own());
    metadata.fallback = std::move(fields);
  }
  metadata.fallback_on_no_match = node.fallback_on_no_match;
  metadata.on_failure = node.on_failure;
  // How many are made must not depend on the time.
  metadata.retry = {.retries = node.retries,
                    .backoff = std::chrono::milliseconds(1),
                    .backoff_most = std::chrono::milliseconds(1),
                    .jitter = Jitter::none,
                    .budget = 1,
                    .budget_floor = 1'000'000};
  metadata.bulkhead.max_in_flight = node.max_in_flight;
  if (node.hangs) metadata.timeout = kHangLimit;
  return metadata;
}

}  // namespace

void register_nodes(const RandomPlan& plan, RandomRun& run, Registry& registry) {
  for (const RandomNode& node : plan.nodes) {
    const auto added = registry.add(metadata_of(node), instance_of(plan, node, run));
    if (!added) throw std::runtime_error(added.error().to_string());
  }
}

std::shared_ptr<const ExecutionPlan> resolve(const RandomPlan& plan, RandomRun& run) {
  Registry registry;
  register_nodes(plan, run, registry);
  std::vector<std::string> names;
  for (const RandomNode& node : plan.nodes) names.push_back(node.name);
  const auto nothing = [](const EventView&, Patch&) { return EnrichStatus(); };
  if (!registry.add("not_enabled", nothing)) throw std::runtime_error("not_enabled is taken");
  auto resolved = registry.resolve(names);
  if (!resolved) throw std::runtime_error(resolved.error().to_string());
  run.ledger.watch(**resolved);
  return *resolved;
}

}  // namespace logbraid::test
