#include "logbraid/registry.h"

#include <algorithm>

#include "core/lifecycle_parts.h"
#include "plan/enabled.h"
#include "plan/plan_builder.h"
#include "plan/resolver.h"

namespace logbraid {
namespace {

class FunctionEnricher final : public SyncEnricher {
 public:
  explicit FunctionEnricher(EnrichFunction function) : function_(std::move(function)) {}
  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    return function_(event, patch);
  }

 private:
  EnrichFunction function_;
};

bool is_null(const EnricherPtr& enricher) {
  return std::visit([](const auto& pointer) { return pointer == nullptr; }, enricher);
}

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

std::string available(const std::vector<std::string>& names) {
  constexpr std::size_t kMaxNamed = 30;
  if (names.empty()) return "there is none";
  std::string text = "there are: ";
  for (std::size_t i = 0; i < names.size() && i < kMaxNamed; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMaxNamed) {
    text += " and " + std::to_string(names.size() - kMaxNamed) + " more";
  }
  return text;
}

}  // namespace

struct Registry::Entry {
  PlanNode node;           // as the plan starts from it
  std::size_t number = 0;  // its place in order_
};

struct Registry::Selection {
  std::vector<std::shared_ptr<const Entry>> entries;  // in the order asked for
  std::vector<std::string> unregistered;              // dependencies nobody registered, sorted
  std::uint64_t generation = 0;

  std::vector<PlanNode> nodes() const {
    std::vector<PlanNode> copies;
    copies.reserve(entries.size());
    for (const auto& entry : entries) copies.push_back(entry->node);
    return copies;
  }
};

Result<void> Registry::insert(std::string kind, EnricherMetadata metadata,
                              EnricherInstance instance) {
  auto entry = std::make_shared<Entry>();
  PlanNode& node = entry->node;
  node.name = metadata.name;
  node.kind = std::move(kind);
  node.metadata = std::move(metadata);
  node.enricher = std::move(instance.enricher);
  node.max_in_flight = instance.max_in_flight;
  for (FieldPath& path : instance.reads) node.metadata.reads.push_back(std::move(path));
  for (FieldPath& path : instance.writes) node.metadata.writes.push_back(std::move(path));
  if (node.metadata.fallback != nullptr) {
    for (const FieldPath& path : node.metadata.fallback->paths()) {
      node.metadata.writes.push_back(path);
    }
  }

  if (node.name.empty()) return Error("an enricher needs a name");
  if (is_null(node.enricher)) return Error("enricher " + quoted(node.name) + " is null");
  // A coroutine runs on the loop and nowhere else.
  const bool is_async =
      std::holds_alternative<std::shared_ptr<AsyncEnricher>>(node.enricher) ||
      std::holds_alternative<std::shared_ptr<AsyncBatchEnricher>>(node.enricher) ||
      std::holds_alternative<std::shared_ptr<LookupEnricher>>(node.enricher);
  node.placement =
      node.metadata.placement.value_or(is_async ? Placement::async : instance.placement);
  if ((node.placement == Placement::async) != is_async) {
    return Error("enricher " + quoted(node.name) +
                 (is_async ? " is a coroutine: it can only be placed async"
                           : " is no coroutine: it can be placed inline, in the pool or auto"));
  }
  if (node.metadata.retry.retries > 0 && node.placement == Placement::inline_) {
    return Error("enricher " + quoted(node.name) +
                 " is placed inline: a call that failed on the spot is not made again; place it in "
                 "the pool or leave retry out");
  }
  if (node.metadata.lifecycle && LifecycleParts(node.enricher).none()) {
    return Error("enricher " + quoted(node.name) +
                 " has nothing to start, check or stop: leave lifecycle out");
  }
  for (const Result<void>& checked :
       {check(node.metadata.breaker), check(node.metadata.bulkhead), check(node.metadata.retry),
        check(node.metadata.lifecycle.value_or(LifecycleOptions()))}) {
    if (!checked) {
      return Error("enricher " + quoted(node.name) + ": " + checked.error().key + " " +
                   checked.error().message);
    }
  }

  const std::lock_guard lock(mutex_);
  entry->number = order_.size();
  if (!entries_.try_emplace(node.name, entry).second) {
    return Error("enricher " + quoted(node.name) + " is registered already");
  }
  order_.push_back(node.name);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> Registry::add(EnricherMetadata metadata, EnricherInstance instance) {
  return insert("", std::move(metadata), std::move(instance));
}

Result<void> Registry::add(EnricherMetadata metadata, EnrichFunction function) {
  if (!function) return Error("enricher " + quoted(metadata.name) + " is null");
  EnricherInstance instance;
  instance.enricher = std::make_shared<FunctionEnricher>(std::move(function));
  instance.placement = Placement::automatic;
  return add(std::move(metadata), std::move(instance));
}

Result<void> Registry::add(std::string name, EnrichFunction function) {
  EnricherMetadata metadata;
  metadata.name = std::move(name);
  return add(std::move(metadata), std::move(function));
}

Result<void> Registry::add_kind(EnricherKind kind) {
  if (kind.name.empty() || !kind.make) return Error("a kind needs a name and a make()");
  auto shared = std::make_shared<const EnricherKind>(std::move(kind));
  const std::lock_guard lock(mutex_);
  const auto taken = [&](std::string_view name) {
    return std::any_of(kinds_.begin(), kinds_.end(), [&](const auto& other) {
      return other->name == name ||
             std::find(other->aliases.begin(), other->aliases.end(), name) != other->aliases.end();
    });
  };
  if (taken(shared->name)) return Error("kind " + quoted(shared->name) + " is registered already");
  for (const std::string& alias : shared->aliases) {
    if (taken(alias)) return Error("kind " + quoted(alias) + " is registered already");
  }
  kinds_.push_back(std::move(shared));
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

std::optional<EnricherKind> Registry::kind(std::string_view name_or_alias) const {
  const std::lock_guard lock(mutex_);
  for (const auto& kind : kinds_) {
    if (kind->name == name_or_alias || std::find(kind->aliases.begin(), kind->aliases.end(),
                                                 name_or_alias) != kind->aliases.end()) {
      return *kind;
    }
  }
  return std::nullopt;
}

std::vector<EnricherKind> Registry::kinds() const {
  const std::lock_guard lock(mutex_);
  std::vector<EnricherKind> result;
  for (const auto& kind : kinds_) result.push_back(*kind);
  return result;
}

Result<void> Registry::add_instance(EnricherMetadata metadata, std::string_view kind,
                                    const Setting& settings, const MakeContext& context) {
  const auto found = this->kind(kind);
  if (!found) {
    std::vector<std::string> kind_names;
    for (const EnricherKind& other : kinds()) kind_names.push_back(other.name);
    return settings.error("enricher " + quoted(metadata.name) + ": there is no kind " +
                          quoted(kind) + "; " + available(kind_names));
  }
  auto checked = Settings::check(settings, found->settings, found->open_settings);
  if (!checked) return checked.error();
  auto instance = found->make(*checked, context);
  if (!instance) return instance.error();
  return insert(found->name, std::move(metadata), *std::move(instance));
}

void Registry::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  order_.clear();
  generation_.fetch_add(1, std::memory_order_release);
}

std::vector<std::string> Registry::names() const {
  const std::lock_guard lock(mutex_);
  return order_;
}

std::shared_ptr<const EnricherMetadata> Registry::metadata(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  return {found->second, &found->second->node.metadata};
}

Result<Registry::Selection> Registry::select(std::span<const std::string> names) const {
  Selection selection;
  selection.entries.reserve(names.size());
  const std::lock_guard lock(mutex_);
  std::vector<bool> seen(order_.size());
  selection.generation = generation_.load(std::memory_order_relaxed);
  for (const std::string& name : names) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      return Error("enricher " + quoted(name) + " is not registered; " + available(order_));
    }
    if (seen[found->second->number]) {
      return Error("enricher " + quoted(name) + " is listed twice");
    }
    seen[found->second->number] = true;
    selection.entries.push_back(found->second);
    const EnricherMetadata& metadata = found->second->node.metadata;
    for (const auto* list : {&metadata.dependencies, &metadata.required}) {
      for (const std::string& dependency : *list) {
        if (!entries_.contains(dependency)) selection.unregistered.push_back(dependency);
      }
    }
  }
  std::sort(selection.unregistered.begin(), selection.unregistered.end());
  selection.unregistered.erase(
      std::unique(selection.unregistered.begin(), selection.unregistered.end()),
      selection.unregistered.end());
  return selection;
}

Result<std::shared_ptr<const ExecutionPlan>> Registry::resolve(std::span<const std::string> names,
                                                               const PlanOptions& options) const {
  auto selection = select(names);
  if (!selection) return selection.error();
  auto enabled = choose_enabled(selection->nodes(), selection->unregistered, options);
  if (!enabled) return enabled.error();
  auto graph = resolve_graph(std::move(enabled->nodes), options);
  if (!graph) return graph.error();
  graph->disabled = std::move(enabled->disabled);
  graph->warnings.insert(graph->warnings.begin(), enabled->warnings.begin(),
                         enabled->warnings.end());
  graph->generation = selection->generation;
  return PlanBuilder::build(*std::move(graph));
}

Result<Resolution> Registry::resolve_dependencies(std::span<const std::string> names) const {
  auto selection = select(names);
  if (!selection) return selection.error();
  auto graph = resolve_graph(selection->nodes(), {});
  if (!graph) return graph.error();
  Resolution resolution;
  for (const auto& wave : graph->waves) {
    auto& group = resolution.groups.emplace_back();
    for (const plan::Node n : wave) group.push_back(graph->nodes[n].name);
    resolution.order.insert(resolution.order.end(), group.begin(), group.end());
  }
  return resolution;
}

}  // namespace logbraid
