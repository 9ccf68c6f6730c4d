#include "plan/field_warnings.h"

#include <algorithm>
#include <map>

namespace logbraid {
namespace {

using plan::Arc;
using plan::Neighbours;
using plan::Node;
using Place = FieldIndex::Place;

constexpr std::size_t kMaxNamed = 5;

std::string listed(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kMaxNamed);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = i + 1 == names.size();
    text += (i == 0 ? "" : is_last ? " and " : ", ") + names[i];
  }
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

// Whether declared arcs lead from the first to the second. Only nodes of ranks between the two can
// lie on the way, so that a walk along a chain looks at each arc once.
class DeclaredWays {
 public:
  DeclaredWays(const std::vector<Arc>& arcs, std::span<const std::uint32_t> ranks)
      : dependents_(static_cast<std::uint32_t>(ranks.size()), arcs, Neighbours::Side::targets),
        ranks_(ranks),
        seen_(ranks.size(), 0) {}

  bool leads(Node from, Node to) {
    ++mark_;
    std::vector<Node> open{from};
    while (!open.empty()) {
      const Node at = open.back();
      open.pop_back();
      for (const Node next : dependents_[at]) {
        if (next == to) return true;
        if (ranks_[next] > ranks_[to] || seen_[next] == mark_) continue;
        seen_[next] = mark_;
        open.push_back(next);
      }
    }
    return false;
  }

 private:
  Neighbours dependents_;
  std::span<const std::uint32_t> ranks_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t mark_ = 0;
};

}  // namespace

std::vector<std::string> chain_warnings(const FieldIndex& fields, const InferredArcs& inferred,
                                        std::span<const std::uint32_t> ranks,
                                        const std::vector<CausedArc>& declared,
                                        const std::vector<PlanNode>& nodes) {
  std::vector<Arc> arcs;
  for (const CausedArc& arc : declared) arcs.push_back({arc.from, arc.to});
  DeclaredWays ways(arcs, ranks);
  // The same enrichers may rewrite several fields: one warning.
  std::map<std::vector<Node>, std::vector<std::string>> chains;
  for (Place path = 0; path < fields.size(); ++path) {
    if (fields.writers(path).size() < 2) continue;
    std::vector<Node> chain = inferred.chain(path);
    bool guessed = false;
    for (std::size_t i = 1; i < chain.size() && !guessed; ++i) {
      guessed = !ways.leads(chain[i - 1], chain[i]);
    }
    if (guessed) chains[std::move(chain)].push_back(fields.path_text(path));
  }
  std::vector<std::string> warnings;
  for (const auto& [chain, paths] : chains) {
    std::vector<std::string> names;
    for (const Node node : chain) names.push_back(nodes[node].name);
    warnings.push_back(listed(names) + " read and write " + listed(paths) +
                       ": they run in this order, by priority, then by the order of listing; name "
                       "the order with dependencies");
  }
  return warnings;
}

std::vector<std::string> writer_warnings(const FieldIndex& fields, const ExecutionPlan& plan,
                                         std::span<const std::uint32_t> place) {
  std::vector<std::vector<std::uint32_t>> writers(fields.size());  // in plan order
  for (Place path = 0; path < fields.size(); ++path) {
    for (const Node node : fields.writers(path)) writers[path].push_back(place[node]);
    std::sort(writers[path].begin(), writers[path].end());
  }
  std::vector<std::string> warnings;
  const auto warn = [&](std::uint32_t first, Place first_path, std::uint32_t second, Place path,
                        std::size_t others) {
    std::string text = plan[first].name;
    if (first_path == path) {
      text += " and " + plan[second].name + " write " + fields.path_text(path);
    } else {
      text += " writes " + fields.path_text(first_path) + " and " + plan[second].name + " writes " +
              fields.path_text(path);
    }
    if (others != 0) text += " (and so do " + std::to_string(others) + " more)";
    warnings.push_back(text +
                       ", and neither runs after the other: " + plan[std::max(first, second)].name +
                       ", later in the plan, wins; name the order with dependencies");
  };
  for (Place path = 0; path < fields.size(); ++path) {
    const auto& mine = writers[path];
    // In order one after the other means all in order.
    std::size_t at = 1;
    while (at < mine.size() && plan.is_ancestor(mine[at - 1], mine[at])) ++at;
    if (at < mine.size()) {
      warn(mine[at - 1], path, mine[at], path, mine.size() - 2);
      continue;
    }
    bool told = false;
    fields.visit_above(path, [&](Place above) {
      const auto& theirs = writers[above];
      for (const std::uint32_t node : mine) {
        if (told) return;
        const auto after = std::lower_bound(theirs.begin(), theirs.end(), node);
        if (after != theirs.begin() && !plan.is_ancestor(*(after - 1), node)) {
          warn(*(after - 1), above, node, path, 0);
          told = true;
        } else if (after != theirs.end() && !plan.is_ancestor(node, *after)) {
          warn(node, path, *after, above, 0);
          told = true;
        }
      }
    });
  }
  return warnings;
}

}  // namespace logbraid
