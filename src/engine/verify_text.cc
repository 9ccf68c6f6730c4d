#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_text.h"
#include "engine/verify.h"

namespace logbraid {
namespace {

constexpr std::size_t kShownPaths = 30;  // an enricher, as text
constexpr std::size_t kShownValue = 200;

bool is_declared(const std::vector<FieldPath>& declared, const std::string& path) {
  const auto parsed = FieldPath::parse(path);
  return parsed && std::any_of(declared.begin(), declared.end(),
                               [&](const FieldPath& other) { return overlap(other, *parsed); });
}

std::vector<FieldPath> declared_reads(const EnricherMetadata& metadata) {
  std::vector<FieldPath> paths = metadata.reads;
  if (metadata.when) {
    const auto& more = metadata.when->reads();
    paths.insert(paths.end(), more.begin(), more.end());
  }
  return paths;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string counted(std::uint64_t count, const char* one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string shortened(const std::string& text) {
  if (text.empty()) return "(not there)";
  return text.size() <= kShownValue ? text : text.substr(0, kShownValue) + "...";
}

// What was seen, then what is declared and was not.
void add_paths(std::string& text, const char* what,
               const std::map<std::string, std::uint64_t>& seen,
               const std::vector<FieldPath>& declared) {
  std::size_t shown = 0;
  for (const auto& [path, events] : seen) {
    if (shown++ == kShownPaths) {
      text += "  ... and " + std::to_string(seen.size() - kShownPaths) + " more\n";
      break;
    }
    text += "  " + padded(what, 8) + padded(path, 28) + " " + counted(events, "event") +
            (is_declared(declared, path) ? "" : ", not declared") + "\n";
  }
  for (const FieldPath& path : declared) {
    const bool was_seen = std::any_of(seen.begin(), seen.end(), [&](const auto& each) {
      const auto parsed = FieldPath::parse(each.first);
      return parsed && overlap(*parsed, path);
    });
    if (!was_seen) {
      text += "  " + padded(what, 8) + padded(path.to_string(), 28) + " declared, not seen\n";
    }
  }
}

void append_member(std::string& json, const char* name, std::string_view value) {
  append_json_string(json, name);
  json += ": ";
  append_json_string(json, value);
}

std::string paths_json(const std::map<std::string, std::uint64_t>& seen,
                       const std::vector<FieldPath>& declared) {
  std::string json = "[";
  for (const auto& [path, events] : seen) {
    if (json.size() > 1) json += ", ";
    json += "{";
    append_member(json, "field", path);
    json += ", \"events\": " + std::to_string(events) +
            ", \"declared\": " + (is_declared(declared, path) ? "true" : "false") + "}";
  }
  return json + "]";
}

}  // namespace

std::string verify_as_text(const ExecutionPlan& plan, const VerifyReport& report) {
  std::string text = counted(report.events, "event") + ", " + counted(plan.size(), "enricher") +
                     ": " + std::to_string(report.sequential_runs) + " runs in sequence, " +
                     std::to_string(report.parallel_runs) + " in parallel\n";
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const EnricherMetadata& metadata = plan[node].metadata;
    text +=
        "\n" + plan[node].name + (metadata.is_volatile ? " (volatile: not compared)" : "") + "\n";
    const ObservedFields& seen = report.watched.enrichers[node];
    add_paths(text, "reads", seen.reads, declared_reads(metadata));
    add_paths(text, "writes", seen.writes, metadata.writes);
  }
  if (!report.watched.hidden.empty()) text += "\nMissing dependencies:\n";
  for (const HiddenDependency& hidden : report.watched.hidden) {
    text += "  " + describe(plan, hidden) + " (" + counted(hidden.events, "event") + ")\n";
  }
  if (!report.differences.empty()) text += "\nDifferences from the first run, in sequence:\n";
  for (const VerifyDifference& difference : report.differences) {
    text += "  line " + std::to_string(difference.line) +
            (difference.field.empty() ? "" : ", " + difference.field) + " (" + difference.run +
            ")\n    first run: " + shortened(difference.in_first_run) +
            "\n    this run:  " + shortened(difference.in_this_run) + "\n";
    for (const std::string& cause : difference.causes) text += "    " + cause + "\n";
  }
  if (report.lines_that_differ != 0) {
    text += "\n" + counted(report.lines_that_differ, "line") + " differed, over all runs.\n";
  } else {
    text += "\nThe output of all runs is the same";
    text += report.watched.hidden.empty() ? ".\n" : ", but enrichers lack what they look for.\n";
  }
  return text;
}

std::string verify_as_json(const ExecutionPlan& plan, const VerifyReport& report) {
  std::string json = std::string("{\"passed\": ") + (report.passed() ? "true" : "false") +
                     ", \"events\": " + std::to_string(report.events) + ",\n \"enrichers\": [";
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const ObservedFields& seen = report.watched.enrichers[node];
    json += node == 0 ? "\n  {" : ",\n  {";
    append_member(json, "name", plan[node].name);
    json += ", \"reads\": " + paths_json(seen.reads, declared_reads(plan[node].metadata)) +
            ", \"writes\": " + paths_json(seen.writes, plan[node].metadata.writes) + "}";
  }
  json += "],\n \"hidden\": [";
  const char* separator = "\n  {";
  for (const HiddenDependency& hidden : report.watched.hidden) {
    json += std::exchange(separator, ",\n  {");
    append_member(json, "reader", plan[hidden.reader].name);
    json += ", ";
    append_member(json, "writer", plan[hidden.writer].name);
    json += ", ";
    append_member(json, "field", hidden.field);
    json += ", \"events\": " + std::to_string(hidden.events) + ", ";
    append_member(json, "fix", fix_of(plan, hidden));
    json += "}";
  }
  json += "],\n \"lines_that_differ\": " + std::to_string(report.lines_that_differ) +
          ",\n \"differences\": [";
  separator = "\n  {";
  for (const VerifyDifference& difference : report.differences) {
    json += std::exchange(separator, ",\n  {");
    json += "\"line\": " + std::to_string(difference.line) + ", ";
    append_member(json, "run", difference.run);
    json += ", ";
    append_member(json, "field", difference.field);
    json += ", ";
    append_member(json, "in_first_run", difference.in_first_run);
    json += ", ";
    append_member(json, "in_this_run", difference.in_this_run);
    json += ", \"causes\": [";
    for (std::size_t i = 0; i < difference.causes.size(); ++i) {
      if (i != 0) json += ", ";
      append_json_string(json, difference.causes[i]);
    }
    json += "]}";
  }
  return json + "]}\n";
}

}  // namespace logbraid
