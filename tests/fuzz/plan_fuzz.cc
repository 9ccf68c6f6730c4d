// Plans from random graphs: bytes are enrichers with priorities, dependencies, reads and writes.
// Whatever they say, there is an order that keeps every promise, or an error that prints a ring
// which is there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/explain.h"
#include "logbraid/registry.h"

namespace {

using logbraid::ExecutionPlan;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  // 0 where nothing is left.
  unsigned below(unsigned limit) {
    if (size_ == 0) return 0;
    --size_;
    return *data_++ % limit;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr unsigned kMaxEnrichers = 64;
constexpr const char* kPaths[] = {"a", "a.b", "a.b.c", "a.d", "e", "e.f", "g", "h", "h.i.j", "k"};
constexpr unsigned kPathCount = sizeof(kPaths) / sizeof(kPaths[0]);

std::vector<logbraid::EnricherMetadata> read_graph(Bytes& bytes) {
  const unsigned count = 1 + bytes.below(kMaxEnrichers);
  std::vector<logbraid::EnricherMetadata> graph(count);
  for (unsigned i = 0; i < count; ++i) {
    graph[i].name = "e" + std::to_string(i);
    const unsigned shape = bytes.below(256);
    graph[i].priority = static_cast<int>(shape & 3) * 50;
    // One name in count + 1 is nobody's.
    const auto name = [&] { return "e" + std::to_string(bytes.below(count + 1)); };
    for (unsigned n = shape >> 2 & 3; n-- > 0;) graph[i].dependencies.push_back(name());
    for (unsigned n = shape >> 4 & 1; n-- > 0;) graph[i].required.push_back(name());
    for (unsigned n = shape >> 5 & 1; n-- > 0;) {
      graph[i].reads.emplace_back(kPaths[bytes.below(kPathCount)]);
    }
    for (unsigned n = shape >> 6 & 3; n-- > 0;) {
      graph[i].writes.emplace_back(kPaths[bytes.below(kPathCount)]);
    }
  }
  return graph;
}

// The error names a ring, each member of which depends on the next.
void check_ring(const std::vector<logbraid::EnricherMetadata>& graph, const std::string& message) {
  const std::string_view kBegin = "each depends on the next: ", kEnd = "; remove";
  const std::size_t begin = message.find(kBegin);
  check(begin != std::string::npos, "the error tells of a ring");
  std::string_view text = std::string_view(message).substr(begin + kBegin.size());
  text = text.substr(0, text.find(kEnd));
  std::vector<std::string> ring;
  while (true) {
    const std::size_t arrow = text.find(" -> ");
    ring.emplace_back(text.substr(0, arrow));
    if (arrow == std::string_view::npos) break;
    text = text.substr(arrow + 4);
    if (text.starts_with("(")) return;  // cut short
  }
  check(ring.size() >= 2 && ring.front() == ring.back(), "the ring is closed");
  for (std::size_t i = 1; i < ring.size(); ++i) {
    const auto& metadata = graph[std::stoul(ring[i - 1].substr(1))];
    bool depends = false;
    for (const auto* list : {&metadata.dependencies, &metadata.required}) {
      for (const std::string& name : *list) depends = depends || name == ring[i];
    }
    check(depends, "each of the ring depends on the next");
  }
}

void check_plan(const ExecutionPlan& plan, bool keeps_declared) {
  std::uint32_t next = 0;
  for (std::size_t level = 0; level < plan.groups().size(); ++level) {
    for (const std::uint32_t node : plan.groups()[level]) {
      check(node == next++, "groups follow each other in plan order");
      check(plan[node].level == level, "a node knows its group");
    }
  }
  check(next == plan.size(), "each node is in a group");
  std::set<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (const auto& edge : plan.edges()) {
    check(edge.from < edge.to, "edges go forward");
    check(edges.emplace(edge.from, edge.to).second, "an edge is listed once");
  }
  for (std::uint32_t n = 0; n < plan.size(); ++n) {
    std::uint32_t level = 0;
    std::set<std::uint32_t> ancestors;
    for (const std::uint32_t dependency : plan[n].dependencies) {
      check(edges.contains({dependency, n}), "dependencies are the edges");
      level = std::max(level, plan[dependency].level + 1);
      ancestors.insert(dependency);
      for (std::uint32_t a = 0; a < dependency; ++a) {
        if (plan.is_ancestor(a, dependency)) ancestors.insert(a);
      }
    }
    check(plan[n].level == level, "a level is one more than that of the latest dependency");
    for (std::uint32_t a = 0; a < plan.size(); ++a) {
      check(plan.is_ancestor(a, n) == ancestors.contains(a), "ancestors are the closure");
    }
    if (!keeps_declared) continue;
    for (const auto* list : {&plan[n].metadata.dependencies, &plan[n].metadata.required}) {
      for (const std::string& name : *list) {
        for (std::uint32_t other = 0; other < plan.size(); ++other) {
          if (plan[other].name == name) check(edges.contains({other, n}), "declared edges stay");
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const auto graph = read_graph(bytes);
  logbraid::Registry registry;
  for (const auto& metadata : graph) {
    const auto added = registry.add(metadata, [](const logbraid::EventView&, logbraid::Patch&) {
      return logbraid::EnrichStatus();
    });
    check(added.has_value(), "any name of its own can be registered");
  }
  const auto names = registry.names();
  const auto plan = registry.resolve(names);
  if (plan) {
    check_plan(**plan, true);
    (void)logbraid::explain_as_svg(**plan);
  } else {
    check_ring(graph, plan.error().message);
  }
  logbraid::PlanOptions by_priority;
  by_priority.cycles_by_priority = true;
  const auto cut = registry.resolve(names, by_priority);
  check(cut.has_value(), "by priority there is always an order");
  check_plan(**cut, plan.has_value());
  return 0;
}
