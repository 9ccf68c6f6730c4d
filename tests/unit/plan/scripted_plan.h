// Enrichers with metadata and nothing behind them, in one line each.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/registry.h"

namespace logbraid::test {

struct Scripted {
  std::string name;
  std::vector<std::string> dependencies = {};
  std::vector<std::string> reads = {};
  std::vector<std::string> writes = {};
  int priority = 100;
  std::vector<std::string> required = {};
};

inline EnricherMetadata metadata_of(const Scripted& scripted) {
  EnricherMetadata metadata;
  metadata.name = scripted.name;
  metadata.priority = scripted.priority;
  metadata.dependencies = scripted.dependencies;
  metadata.required = scripted.required;
  for (const std::string& path : scripted.reads) metadata.reads.emplace_back(path);
  for (const std::string& path : scripted.writes) metadata.writes.emplace_back(path);
  return metadata;
}

inline EnrichFunction nothing() {
  return [](const EventView&, Patch&) -> EnrichStatus { return CallResult::ok; };
}

inline std::vector<std::string> register_all(Registry& registry,
                                             const std::vector<Scripted>& enrichers) {
  std::vector<std::string> names;
  for (const Scripted& scripted : enrichers) {
    EXPECT_TRUE(registry.add(metadata_of(scripted), nothing()).has_value()) << scripted.name;
    names.push_back(scripted.name);
  }
  return names;
}

inline Result<std::shared_ptr<const ExecutionPlan>> plan_of(const std::vector<Scripted>& enrichers,
                                                            const PlanOptions& options = {}) {
  Registry registry;
  const auto names = register_all(registry, enrichers);
  return registry.resolve(names, options);
}

// "a -> b: dependencies", in the order of the plan.
inline std::vector<std::string> edge_texts(const ExecutionPlan& plan) {
  std::vector<std::string> texts;
  for (const PlanEdge& edge : plan.edges()) {
    texts.push_back(plan[edge.from].name + " -> " + plan[edge.to].name + ": " +
                    std::string(edge.because));
  }
  return texts;
}

inline std::vector<std::vector<std::string>> group_names(const ExecutionPlan& plan) {
  std::vector<std::vector<std::string>> groups;
  for (const auto& group : plan.groups()) {
    auto& names = groups.emplace_back();
    for (const std::uint32_t node : group) names.push_back(plan[node].name);
  }
  return groups;
}

}  // namespace logbraid::test
