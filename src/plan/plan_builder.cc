#include "plan/plan_builder.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "plan/field_warnings.h"

namespace logbraid {

// True when it was not among them already; then its own ancestors are added with it.
bool PlanBuilder::add_ancestor(ExecutionPlan& plan, std::uint64_t* bits, std::uint32_t dependency) {
  const std::uint64_t bit = std::uint64_t{1} << (dependency % 64);
  if ((bits[dependency / 64] & bit) != 0) return false;
  bits[dependency / 64] |= bit;
  const ExecutionPlan::AncestorRow& theirs = plan.ancestor_rows_[dependency];
  const std::uint64_t* const from = plan.ancestor_words_.data() + theirs.first;
  for (std::uint32_t w = 0; w < theirs.words; ++w) bits[w] |= from[w];
  return true;
}

// Rows of ancestors are as long as their last bit: those of independent enrichers are empty, those
// of a chain of 10,000 take 6 MB.
void PlanBuilder::add_edges(ExecutionPlan& plan, const ResolvedGraph& graph,
                            const std::vector<std::uint32_t>& place) {
  std::vector<CausedArc> arcs = graph.arcs;
  for (CausedArc& arc : arcs) {
    arc.from = place[arc.from];
    arc.to = place[arc.to];
  }
  std::sort(arcs.begin(), arcs.end(), [](const CausedArc& a, const CausedArc& b) {
    return std::tie(a.to, a.from, a.cause, a.spare, a.path) <
           std::tie(b.to, b.from, b.cause, b.spare, b.path);
  });
  arcs.erase(std::unique(arcs.begin(), arcs.end(),
                         [](const CausedArc& a, const CausedArc& b) {
                           return a.from == b.from && a.to == b.to;
                         }),
             arcs.end());

  std::unordered_map<std::uint32_t, std::string_view> reads;  // by path
  const auto because = [&](const CausedArc& arc) -> std::string_view {
    if (arc.cause == Cause::required) return "requires";
    if (arc.cause == Cause::dependency) return "dependencies";
    const auto [found, is_new] = reads.try_emplace(arc.path);
    if (is_new) {
      found->second = *plan.causes_.emplace_back(
          std::make_shared<const std::string>("reads " + graph.fields->path_text(arc.path)));
    }
    return found->second;
  };

  plan.ancestor_rows_.resize(plan.nodes_.size());
  plan.edges_.reserve(arcs.size());
  std::size_t end = 0;
  for (std::uint32_t n = 0; n < plan.size(); ++n) {
    const std::size_t begin = end;
    while (end < arcs.size() && arcs[end].to == n) ++end;
    ExecutionPlan::AncestorRow row{plan.ancestor_words_.size(), 0};
    if (begin != end) {
      row.words = arcs[end - 1].from / 64 + 1;
      plan.ancestor_words_.resize(row.first + row.words);
      // Later dependencies first: only they can imply an earlier one.
      for (std::size_t at = end; at-- > begin;) {
        const bool is_new =
            add_ancestor(plan, plan.ancestor_words_.data() + row.first, arcs[at].from);
        arcs[at].spare = arcs[at].spare && !is_new;
      }
    }
    plan.ancestor_rows_[n] = row;
    PlanNode& node = plan.nodes_[n];
    for (std::size_t at = begin; at < end; ++at) {
      const CausedArc& arc = arcs[at];
      if (arc.spare) continue;
      node.dependencies.push_back(arc.from);
      if (arc.cause == Cause::required) node.required.push_back(arc.from);
      plan.nodes_[arc.from].dependents.push_back(n);
      plan.edges_.push_back({arc.from, n, because(arc)});
    }
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
  plan->disabled_ = std::move(graph.disabled);
  plan->warnings_ = std::move(graph.warnings);
  if (graph.fields) {
    for (std::string& text : writer_warnings(*graph.fields, *plan, place)) {
      plan->warnings_.push_back(std::move(text));
    }
  }
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
