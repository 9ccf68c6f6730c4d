#include "plan/plan_builder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "plan/field_warnings.h"

namespace logbraid {
namespace {

constexpr std::uint32_t kNoPiece = UINT32_MAX;

std::string_view word_for(Cause cause) {
  switch (cause) {
    case Cause::required:
      return "requires";
    case Cause::dependency:
      return "dependencies";
    case Cause::compat:
      return "compat";
    case Cause::reads:
      return "reads";  // the field follows
  }
  return "unknown";
}

// Puts each node where `place` says, in its own memory: nodes are large, and 10,000 new ones cost
// more than the rest of the renumbering.
void put_in_place(std::vector<PlanNode>& nodes, std::vector<std::uint32_t> place) {
  for (std::uint32_t n = 0; n < nodes.size(); ++n) {
    while (place[n] != n) {
      const std::uint32_t to = place[n];
      std::swap(nodes[n], nodes[to]);
      std::swap(place[n], place[to]);
    }
  }
}

}  // namespace

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

  // One text holds the causes of all: a piece each would be 10,000 for a ring of 10,000.
  std::string causes;
  std::vector<std::size_t> cause_end;  // by piece
  std::vector<std::uint32_t> piece_of_path(graph.fields ? graph.fields->size() : 0, kNoPiece);
  std::vector<std::uint32_t> piece_of_edge;
  const auto because = [&](const CausedArc& arc) {
    if (arc.cause != Cause::reads) return kNoPiece;
    std::uint32_t& piece = piece_of_path[arc.path];
    if (piece == kNoPiece) {
      piece = static_cast<std::uint32_t>(cause_end.size());
      causes += "reads ";
      causes += graph.fields->path_text(arc.path);
      cause_end.push_back(causes.size());
    }
    return piece;
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
      plan.edges_.push_back({arc.from, n, word_for(arc.cause)});
      piece_of_edge.push_back(because(arc));
    }
  }
  plan.causes_ = std::make_shared<const std::string>(std::move(causes));
  for (std::size_t i = 0; i < plan.edges_.size(); ++i) {
    const std::uint32_t piece = piece_of_edge[i];
    if (piece == kNoPiece) continue;
    const std::size_t first = piece == 0 ? 0 : cause_end[piece - 1];
    plan.edges_[i].because =
        std::string_view(*plan.causes_).substr(first, cause_end[piece] - first);
  }
}

std::shared_ptr<const ExecutionPlan> PlanBuilder::build(ResolvedGraph graph) {
  // make_shared cannot reach the private constructor.
  std::shared_ptr<ExecutionPlan> plan(new ExecutionPlan());
  std::vector<std::uint32_t> place(graph.nodes.size());
  std::uint32_t next = 0;
  for (const auto& wave : graph.waves) {
    auto& group = plan->groups_.emplace_back();
    for (const plan::Node n : wave) {
      graph.nodes[n].level = static_cast<std::uint32_t>(plan->groups_.size() - 1);
      place[n] = next;
      group.push_back(next++);
    }
  }
  plan->nodes_ = std::move(graph.nodes);
  put_in_place(plan->nodes_, place);
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
    case Placement::automatic:
      return "auto";
  }
  return "unknown";
}

}  // namespace logbraid
