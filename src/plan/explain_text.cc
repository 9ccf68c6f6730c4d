#include <algorithm>
#include <string_view>

#include "core/json_text.h"
#include "logbraid/explain.h"
#include "plan/explain_names.h"

namespace logbraid {
namespace {

// Longer ones push what follows to the right, in their line alone.
constexpr std::size_t kMaxColumn = 32;

class Column {
 public:
  void fit(std::string_view text) {
    width_ = std::max(width_, std::min(characters(text), kMaxColumn));
  }
  std::string padded(std::string_view text) const {
    const std::size_t used = characters(text);
    return std::string(text) + std::string(used < width_ ? width_ - used : 0, ' ');
  }

 private:
  std::size_t width_ = 0;
};

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// Trailing blanks of the last column are nobody's.
void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

std::string after_text(const ExecutionPlan& plan, std::span<const PlanEdge> edges) {
  constexpr std::size_t kMaxNamed = 8;
  std::string text;
  for (std::size_t i = 0; i < edges.size() && i < kMaxNamed; ++i) {
    text += (i == 0 ? "after " : ", ") + clean(plan[edges[i].from].name) + " (" +
            clean(edges[i].because) + ")";
  }
  if (edges.size() > kMaxNamed) {
    text += " and " + std::to_string(edges.size() - kMaxNamed) + " more";
  }
  return text;
}

}  // namespace

std::string explain_as_text(const ExecutionPlan& plan) {
  Column names, kinds, placements;
  for (const PlanNode& node : plan.nodes()) {
    names.fit(clean(node.name));
    kinds.fit(kind_text(node));
    placements.fit(to_string(node.placement));
  }
  for (const DisabledEnricher& left_out : plan.disabled()) names.fit(clean(left_out.name));

  std::string out =
      counted(plan.size(), "enricher") + " in " + counted(plan.groups().size(), "group") + "\n";
  auto edge = plan.edges().begin();
  for (std::size_t level = 0; level < plan.groups().size(); ++level) {
    out += "\ngroup " + std::to_string(level + 1) + "\n";
    for (const std::uint32_t n : plan.groups()[level]) {
      const auto first = edge;
      while (edge != plan.edges().end() && edge->to == n) ++edge;
      append_line(out, "  " + names.padded(clean(plan[n].name)) + "  " +
                           kinds.padded(kind_text(plan[n])) + "  " +
                           placements.padded(to_string(plan[n].placement)) + "  " +
                           after_text(plan, {first, edge}));
    }
  }
  if (!plan.disabled().empty()) out += "\nleft out\n";
  for (const DisabledEnricher& left_out : plan.disabled()) {
    append_line(out, "  " + names.padded(clean(left_out.name)) + "  " + clean(left_out.because));
  }
  if (!plan.warnings().empty()) out += "\nwarnings\n";
  for (const std::string& warning : plan.warnings()) append_line(out, "  " + clean(warning));
  return out;
}

std::string explain_as_text(const std::vector<EventVerdict>& verdicts) {
  Column names;
  for (const EventVerdict& verdict : verdicts) names.fit(clean(verdict.name));
  std::string out;
  for (const EventVerdict& verdict : verdicts) {
    const std::string_view what = verdict.what == EventVerdict::What::runs    ? "runs "
                                  : verdict.what == EventVerdict::What::skips ? "skips"
                                                                              : "open ";
    append_line(out, std::string(what) + "  " + names.padded(clean(verdict.name)) + "  " +
                         clean(verdict.because));
  }
  return out;
}

std::string explain_as_json(const ExecutionPlan& plan) {
  std::string out;
  const auto quote = [&](std::string_view text) {
    std::string valid;
    append_valid_utf8(valid, text);
    append_json_string(out, valid);
  };
  const auto list = [&](const auto& items, auto append) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += ", ";
      first = false;
      append(item);
    }
    out += ']';
  };
  const auto name = [&](std::uint32_t node) { quote(plan[node].name); };
  out += "{\"order\": ";
  list(plan.nodes(), [&](const PlanNode& node) { quote(node.name); });
  out += ", \"groups\": ";
  list(plan.groups(), [&](const auto& group) { list(group, name); });
  out += ", \"edges\": ";
  list(plan.edges(), [&](const PlanEdge& edge) {
    out += "{\"from\": ";
    name(edge.from);
    out += ", \"to\": ";
    name(edge.to);
    out += ", \"because\": ";
    quote(edge.because);
    out += '}';
  });
  out += ", \"disabled\": ";
  list(plan.disabled(), [&](const DisabledEnricher& left_out) {
    out += "{\"name\": ";
    quote(left_out.name);
    out += ", \"because\": ";
    quote(left_out.because);
    out += '}';
  });
  return out + "}\n";
}

std::string explain_as_dot(const ExecutionPlan& plan) {
  const auto quote = [](std::string_view text) {
    std::string quoted = "\"";
    for (const char c : clean(text)) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  };
  std::string out =
      "digraph plan {\n"
      "  rankdir=LR;\n"
      "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (const auto& group : plan.groups()) {
    out += "  {\n    rank=same;\n";
    for (const std::uint32_t n : group) {
      const std::string name = quote(plan[n].name);
      // \n is a line break in a label of Graphviz: it must stay as it is.
      out +=
          "    " + name + " [label=" + name.substr(0, name.size() - 1) + "\\n" +
          quote(kind_text(plan[n]) + ", " + std::string(to_string(plan[n].placement))).substr(1) +
          ", fillcolor=\"" + std::string(fill_of(plan[n].placement)) + "\"];\n";
    }
    out += "  }\n";
  }
  for (const PlanEdge& edge : plan.edges()) {
    out += "  " + quote(plan[edge.from].name) + " -> " + quote(plan[edge.to].name) +
           " [label=" + quote(edge.because) + "];\n";
  }
  return out + "}\n";
}

}  // namespace logbraid
