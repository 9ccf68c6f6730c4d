#include "plan/enabled.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "plan/conditions.h"

namespace logbraid {
namespace {

Result<std::vector<std::string>> check_registered(const std::vector<PlanNode>& nodes,
                                                  const std::vector<std::string>& unregistered,
                                                  bool strict) {
  std::vector<std::string> warnings;
  if (unregistered.empty()) return warnings;
  for (const PlanNode& node : nodes) {
    const auto check = [&](const std::vector<std::string>& names, const char* says) {
      for (const std::string& name : names) {
        if (std::binary_search(unregistered.begin(), unregistered.end(), name)) {
          warnings.push_back(node.name + " " + says + " " + name + ", which is not registered");
        }
      }
    };
    check(node.metadata.dependencies, "depends on");
    check(node.metadata.required, "requires");
    if (strict && !warnings.empty()) return Error(warnings.front());
  }
  return warnings;
}

// Those that require what is not there, and those that require these.
void leave_out_unmet(const std::vector<PlanNode>& nodes, std::vector<std::string>& because) {
  if (std::all_of(nodes.begin(), nodes.end(),
                  [](const PlanNode& node) { return node.metadata.required.empty(); })) {
    return;
  }
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < nodes.size(); ++i) by_name.emplace(nodes[i].name, i);
  std::vector<std::vector<std::size_t>> requirers(nodes.size());
  std::vector<std::size_t> left_out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!because[i].empty()) left_out.push_back(i);
    for (const std::string& name : nodes[i].metadata.required) {
      if (const auto found = by_name.find(name); found != by_name.end()) {
        requirers[found->second].push_back(i);
      } else if (because[i].empty()) {
        because[i] = "requires " + name + ", which is not enabled";
        left_out.push_back(i);
      }
    }
  }
  for (std::size_t at = 0; at < left_out.size(); ++at) {
    for (const std::size_t requirer : requirers[left_out[at]]) {
      if (!because[requirer].empty()) continue;
      because[requirer] = "requires " + nodes[left_out[at]].name + ", which is disabled";
      left_out.push_back(requirer);
    }
  }
}

}  // namespace

Result<EnabledNodes> choose_enabled(std::vector<PlanNode> nodes,
                                    const std::vector<std::string>& unregistered,
                                    const PlanOptions& options) {
  EnabledNodes result;
  auto warnings = check_registered(nodes, unregistered, options.strict);
  if (!warnings) return warnings.error();
  result.warnings = *std::move(warnings);

  std::vector<std::string> because(nodes.size());  // not empty: left out
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Conditions& conditions = nodes[i].metadata.conditions;
    if (conditions.empty()) continue;
    auto compiled = ConditionCompiler::compile(conditions, options);
    if (!compiled) {
      Error error = compiled.error();
      error.message = "enricher " + nodes[i].name + ": " + error.message;
      return error;
    }
    nodes[i].conditions = std::move(compiled->per_event);
    because[i] = std::move(compiled->disabled_because);
  }
  leave_out_unmet(nodes, because);

  if (std::all_of(because.begin(), because.end(), [](const auto& why) { return why.empty(); })) {
    result.nodes = std::move(nodes);
    return result;
  }
  result.nodes.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (because[i].empty()) {
      result.nodes.push_back(std::move(nodes[i]));
    } else {
      result.disabled.push_back({std::move(nodes[i].name), std::move(because[i])});
    }
  }
  return result;
}

}  // namespace logbraid
