#include "plan/inferred_arcs.h"

#include <algorithm>

namespace logbraid {
namespace {

using plan::Node;
using Place = FieldIndex::Place;

Error too_many() {
  return Error(
      "reads and writes imply over 4,000,000 edges: too many enrichers read a field that many "
      "others write; declare fewer of them, or name the order with dependencies");
}

}  // namespace

bool InferredArcs::writes(Node node, Place path) const {
  const auto paths = fields_.writes(node);
  return std::binary_search(paths.begin(), paths.end(), path);
}

bool InferredArcs::reads(Node node, Place path) const {
  const auto paths = fields_.reads(node);
  return std::binary_search(paths.begin(), paths.end(), path);
}

std::vector<Node> InferredArcs::chain(Place path) const {
  std::vector<Node> members;
  for (const Node node : fields_.writers(path)) {
    if (rewrites(node, path)) members.push_back(node);
  }
  std::sort(members.begin(), members.end(), [&](Node a, Node b) { return ranks_[a] < ranks_[b]; });
  return members;
}

std::vector<Node> InferredArcs::entry(Place path) const {
  // One that reads and writes exactly this path stands before its chain, and with that before all
  // that read the path.
  const auto readers = fields_.readers(path);
  Node first = 0;
  bool found = false;
  for (const Node node : readers) {
    if (writes(node, path) && (!found || ranks_[node] < ranks_[first])) {
      first = node;
      found = true;
    }
  }
  return found ? std::vector<Node>{first} : std::vector<Node>(readers.begin(), readers.end());
}

Result<std::vector<CausedArc>> InferredArcs::chained() const {
  std::vector<CausedArc> arcs;
  std::vector<std::vector<Node>> entries(fields_.size());
  for (Place path = 0; path < fields_.size(); ++path) {
    if (!fields_.readers(path).empty()) entries[path] = entry(path);
  }
  for (Place path = 0; path < fields_.size(); ++path) {
    const auto writers = fields_.writers(path);
    if (writers.empty()) continue;
    const std::vector<Node> members = chain(path);
    const auto follow = [&](Node from, Node to) {
      arcs.push_back({from, to, Cause::reads, fields_.overlapping(fields_.reads(to), path)});
    };
    for (std::size_t i = 1; i < members.size(); ++i) follow(members[i - 1], members[i]);
    std::vector<Node> last(writers.begin(), writers.end());
    if (!members.empty()) {
      for (const Node writer : writers) {
        if (!rewrites(writer, path)) follow(writer, members.front());
      }
      last = {members.back()};
    }
    bool full = false;
    fields_.visit_overlapping(path, [&](Place other) {
      const auto readers =
          other == path ? fields_.readers(path) : std::span<const Node>(entries[other]);
      full = full || arcs.size() + last.size() * readers.size() > kMaxArcs;
      if (full) return;
      for (const Node to : readers) {
        if (writes(to, path)) continue;  // a member of the chain
        for (const Node from : last) arcs.push_back({from, to, Cause::reads, other});
      }
    });
    if (full) return too_many();
  }
  return arcs;
}

Result<std::vector<CausedArc>> InferredArcs::pairs_of(const std::vector<bool>& nodes) const {
  std::vector<CausedArc> arcs;
  bool full = false;
  const auto add = [&](Node from, Node to, Place written, Place read) {
    // Both rewrite the path: they have their places in its chain.
    if (from == to || (writes(to, written) && rewrites(from, written))) return;
    arcs.push_back({from, to, Cause::reads, read});
  };
  for (Node node = 0; node < nodes.size() && !full; ++node) {
    if (!nodes[node]) continue;
    for (const Place read : fields_.reads(node)) {
      fields_.visit_overlapping(read, [&](Place written) {
        full = full || arcs.size() + fields_.writers(written).size() > kMaxArcs;
        if (full) return;
        for (const Node from : fields_.writers(written)) add(from, node, written, read);
      });
    }
    for (const Place written : fields_.writes(node)) {
      fields_.visit_overlapping(written, [&](Place read) {
        full = full || arcs.size() + fields_.readers(read).size() > kMaxArcs;
        if (full) return;
        for (const Node to : fields_.readers(read)) {
          if (!nodes[to]) add(node, to, written, read);  // else found from the other end
        }
      });
    }
  }
  if (full) return too_many();
  return arcs;
}

}  // namespace logbraid
