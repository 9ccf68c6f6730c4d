#include "plan/plan_builder.h"

#include <algorithm>
#include <utility>

namespace logbraid {

void PlanBuilder::add_edges(ExecutionPlan& plan, const ResolvedGraph& graph,
                            const std::vector<std::uint32_t>& place) {
  std::vector<CausedArc> arcs = graph.arcs;
  for (CausedArc& arc : arcs) {
    arc.from = place[arc.from];
    arc.to = place[arc.to];
  }
  std::sort(arcs.begin(), arcs.end(), [](const CausedArc& a, const CausedArc& b) {
    if (a.to != b.to) return a.to < b.to;
    if (a.from != b.from) return a.from < b.from;
    if (a.cause != b.cause) return a.cause < b.cause;
    return a.path < b.path;
  });
  arcs.erase(std::unique(arcs.begin(), arcs.end(),
                         [](const CausedArc& a, const CausedArc& b) {
                           return a.from == b.from && a.to == b.to;
                         }),
             arcs.end());

  for (const std::string& path : graph.paths) {
    plan.causes_.push_back(std::make_shared<const std::string>("reads " + path));
  }
  plan.edges_.reserve(arcs.size());
  for (const CausedArc& arc : arcs) {
    PlanNode& node = plan.nodes_[arc.to];
    node.dependencies.push_back(arc.from);
    if (arc.cause == Cause::required) node.required.push_back(arc.from);
    plan.nodes_[arc.from].dependents.push_back(arc.to);
    const std::string_view because = arc.cause == Cause::required     ? "requires"
                                     : arc.cause == Cause::dependency ? "dependencies"
                                                                      : *plan.causes_[arc.path];
    plan.edges_.push_back({arc.from, arc.to, because});
  }
}

// Rows are as long as their last bit: those of independent enrichers are empty, those of a chain
// of 10,000 take 6 MB.
void PlanBuilder::add_ancestors(ExecutionPlan& plan) {
  plan.ancestor_rows_.resize(plan.nodes_.size());
  for (std::uint32_t n = 0; n < plan.size(); ++n) {
    const auto& dependencies = plan.nodes_[n].dependencies;
    ExecutionPlan::AncestorRow row{plan.ancestor_words_.size(), 0};
    if (!dependencies.empty()) {
      row.words = dependencies.back() / 64 + 1;
      plan.ancestor_words_.resize(row.first + row.words);
      std::uint64_t* const bits = plan.ancestor_words_.data() + row.first;
      for (std::size_t d = dependencies.size(); d-- > 0;) {
        const std::uint32_t dependency = dependencies[d];
        const std::uint64_t bit = std::uint64_t{1} << (dependency % 64);
        if ((bits[dependency / 64] & bit) != 0) continue;  // its ancestors are in already
        bits[dependency / 64] |= bit;
        const ExecutionPlan::AncestorRow& theirs = plan.ancestor_rows_[dependency];
        const std::uint64_t* const from = plan.ancestor_words_.data() + theirs.first;
        for (std::uint32_t w = 0; w < theirs.words; ++w) bits[w] |= from[w];
      }
    }
    plan.ancestor_rows_[n] = row;
  }
}

std::shared_ptr<const ExecutionPlan> PlanBuilder::build(ResolvedGraph graph) {
  // make_shared cannot reach the private constructor.
  std::shared_ptr<ExecutionPlan> plan(new ExecutionPlan());
  std::vector<std::uint32_t> place(graph.nodes.size());
  plan->nodes_.reserve(graph.nodes.size());
  for (const auto& wave : graph.waves) {
    auto& group = plan->groups_.emplace_back();
    for (const plan::Node n : wave) {
      place[n] = plan->size();
      group.push_back(place[n]);
      plan->nodes_.push_back(std::move(graph.nodes[n]));
      plan->nodes_.back().level = static_cast<std::uint32_t>(plan->groups_.size() - 1);
    }
  }
  add_edges(*plan, graph, place);
  add_ancestors(*plan);
  plan->disabled_ = std::move(graph.disabled);
  plan->warnings_ = std::move(graph.warnings);
  plan->generation_ = graph.generation;
  return plan;
}

bool ExecutionPlan::is_ancestor(std::uint32_t ancestor, std::uint32_t node) const {
  const AncestorSet set = ancestors(node);
  return ancestor / 64 < set.word_count && (set.words[ancestor / 64] >> (ancestor % 64) & 1) != 0;
}

std::string_view to_string(Placement placement) {
  switch (placement) {
    case Placement::inline_:
      return "inline";
    case Placement::pool:
      return "pool";
    case Placement::async:
      return "async";
  }
  return "unknown";
}

}  // namespace logbraid
