#include "plan/field_index.h"

#include <algorithm>
#include <utility>

namespace logbraid {

FieldIndex::FieldIndex(const std::vector<PlanNode>& nodes)
    : reads_(nodes.size()), writes_(nodes.size()) {
  Children children(2 * nodes.size());
  for (plan::Node n = 0; n < nodes.size(); ++n) {
    const EnricherMetadata& metadata = nodes[n].metadata;
    const auto insert_all = [&](const std::vector<FieldPath>& paths, std::vector<Place>& places) {
      for (const FieldPath& path : paths) {
        if (!path.empty()) places.push_back(insert(path, children));
      }
    };
    insert_all(metadata.reads, reads_[n]);
    if (metadata.when) insert_all(metadata.when->reads(), reads_[n]);
    insert_all(metadata.writes, writes_[n]);
  }
  const std::vector<Place> place = renumber();
  for (plan::Node n = 0; n < nodes.size(); ++n) {
    for (auto* paths : {&reads_[n], &writes_[n]}) {
      for (Place& path : *paths) path = place[path];
      *paths = topmost(std::move(*paths));
    }
    for (const Place path : reads_[n]) steps_[path].readers.push_back(n);
    for (const Place path : writes_[n]) steps_[path].writers.push_back(n);
  }
}

FieldIndex::Place FieldIndex::insert(PathView path, Children& children) {
  Place at = npos;
  for (const PathSegment& segment : path) {
    const auto [found, is_new] =
        children.try_emplace(Key{at, segment.key}, static_cast<Place>(steps_.size()));
    if (is_new) {
      steps_.push_back({});
      steps_.back().key = segment.key;
      steps_.back().parent = at;
    }
    at = found->second;
  }
  return at;
}

std::vector<FieldIndex::Place> FieldIndex::renumber() {
  // A parent is older than its children: subtree sizes from the back, places from the front.
  std::vector<Place> below(steps_.size(), 1);
  for (Place at = size(); at-- > 0;) {
    if (steps_[at].parent != npos) below[steps_[at].parent] += below[at];
  }
  std::vector<Place> place(steps_.size()), next_child(steps_.size());
  Place next_root = 0;
  for (Place at = 0; at < size(); ++at) {
    Place& next = steps_[at].parent == npos ? next_root : next_child[steps_[at].parent];
    place[at] = next;
    next += below[at];
    next_child[at] = place[at] + 1;
  }
  std::vector<Step> walk(steps_.size());
  for (Place at = 0; at < size(); ++at) {
    Step& step = walk[place[at]];
    step.key = steps_[at].key;
    step.parent = steps_[at].parent == npos ? npos : place[steps_[at].parent];
    step.end = place[at] + below[at];
  }
  steps_ = std::move(walk);
  return place;
}

std::vector<FieldIndex::Place> FieldIndex::topmost(std::vector<Place> paths) const {
  std::sort(paths.begin(), paths.end());
  std::vector<Place> kept;
  for (const Place path : paths) {
    if (kept.empty() || path >= steps_[kept.back()].end) kept.push_back(path);
  }
  return kept;
}

bool FieldIndex::overlap(Place a, Place b) const {
  return a <= b ? b < steps_[a].end : a < steps_[b].end;
}

FieldIndex::Place FieldIndex::overlapping(std::span<const Place> paths, Place path) const {
  // Sorted and apart from each other: only the neighbours of where it would stand can overlap.
  const auto after = std::lower_bound(paths.begin(), paths.end(), path);
  if (after != paths.end() && overlap(*after, path)) return *after;
  if (after != paths.begin() && overlap(*(after - 1), path)) return *(after - 1);
  return npos;
}

FieldIndex::Place FieldIndex::follows(plan::Node after, plan::Node first) const {
  for (const Place path : writes_[first]) {
    if (const Place read = overlapping(reads_[after], path); read != npos) return read;
  }
  return npos;
}

std::string FieldIndex::path_text(Place path) const {
  std::vector<PathSegment> segments;
  for (Place at = path; at != npos; at = steps_[at].parent) {
    segments.push_back({steps_[at].key, {}, 0});
  }
  std::reverse(segments.begin(), segments.end());
  return PathView(segments.data(), static_cast<std::uint32_t>(segments.size())).to_string();
}

}  // namespace logbraid
