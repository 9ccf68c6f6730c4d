#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "logbraid/plan.h"
#include "plan/graph.h"

namespace logbraid {

// Who reads and who writes which field: a trie of the declared paths. What `when` reads counts as
// the enricher's reads. A path below another one of the same enricher adds nothing and is left out.
class FieldIndex {
 public:
  using Place = std::uint32_t;  // of a path in the trie

  explicit FieldIndex(const std::vector<PlanNode>& nodes);

  std::uint32_t size() const { return static_cast<std::uint32_t>(steps_.size()); }
  // Nodes, ascending.
  std::span<const plan::Node> readers(Place path) const { return steps_[path].readers; }
  std::span<const plan::Node> writers(Place path) const { return steps_[path].writers; }
  // Paths, by their place in a walk over the trie; none of them overlap.
  std::span<const Place> reads(plan::Node node) const { return reads_[node]; }
  std::span<const Place> writes(plan::Node node) const { return writes_[node]; }

  // Equal, or one above the other.
  bool overlap(Place a, Place b) const;
  // The path of `paths` (of one node) that overlaps, or npos.
  static constexpr Place npos = UINT32_MAX;
  Place overlapping(std::span<const Place> paths, Place path) const;
  // Whether `after` reads what `first` writes; the path it reads, or npos.
  Place follows(plan::Node after, plan::Node first) const;

  // Calls `visit(other)` for each path that somebody reads or writes and that overlaps.
  template <class Visit>
  void visit_overlapping(Place path, Visit visit) const {
    for (Place up = steps_[path].parent; up != npos; up = steps_[up].parent) {
      if (steps_[up].used()) visit(up);
    }
    // The steps are in the order of a walk: a path and all below it are neighbours.
    for (Place below = path; below < steps_[path].end; ++below) {
      if (steps_[below].used()) visit(below);
    }
  }
  template <class Visit>
  void visit_above(Place path, Visit visit) const {
    for (Place up = steps_[path].parent; up != npos; up = steps_[up].parent) {
      if (steps_[up].used()) visit(up);
    }
  }

  std::string path_text(Place path) const;

 private:
  struct Step {
    std::string_view key;  // in the metadata of a node
    Place parent = npos;
    Place end = 0;  // one past the last path below this one
    std::vector<plan::Node> readers;
    std::vector<plan::Node> writers;
    bool used() const { return !readers.empty() || !writers.empty(); }
  };
  struct Key {
    Place parent;
    std::string_view key;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::string_view>()(key.key) ^
             (key.parent * std::size_t{0x9e3779b97f4a7c15});
    }
  };
  using Children = std::unordered_map<Key, Place, KeyHash>;

  Place insert(PathView path, Children& children);
  // Numbers the steps in the order of a walk; gives the new place of each.
  std::vector<Place> renumber();
  std::vector<Place> topmost(std::vector<Place> paths) const;

  std::vector<Step> steps_;
  std::vector<std::vector<Place>> reads_;
  std::vector<std::vector<Place>> writes_;
};

}  // namespace logbraid
