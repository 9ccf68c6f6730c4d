#include "logbraid/predicate.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "logbraid/event_view.h"
#include "logbraid/setting.h"
#include "support/predicate_operands.h"
#include "support/regex.h"

namespace logbraid {
namespace {

constexpr int kDeepest = 64;  // as deep as a configuration may be
constexpr std::string_view kAllowed =
    "field with equals, in, range, prefix, regex, cidr or exists; all, any, not";

}  // namespace

struct Predicate::State {
  enum class Op : std::uint8_t {
    all,
    any,
    negate,
    exists,
    absent,
    one_of,
    range,
    prefix,
    regex,
    cidr
  };
  // A test, or a group of the `count` nodes (each with all that is below it) that follow.
  struct Node {
    Op op = Op::all;
    std::uint32_t field = 0;  // tests: index into fields
    std::uint32_t index = 0;  // tests: index into the operands of their kind
    std::uint32_t count = 0;  // groups
    std::uint32_t size = 1;   // nodes to step over, this one included
  };

  std::vector<Node> nodes;
  std::vector<FieldPath> fields;
  std::map<std::string, std::uint32_t> field_indexes;  // by path; only while it is put together
  std::vector<ValueSet> sets;
  std::vector<Range> ranges;
  std::vector<std::string> prefixes;
  std::vector<Regex> regexes;
  std::vector<std::vector<Cidr>> cidrs;

  bool holds(std::size_t at, const EventView& event) const;
  bool holds(const Node& test, const Value& value) const;

  std::optional<Error> add(const Setting& setting, int depth);
  std::optional<Error> add_group(Op op, const Setting& list, int depth);
  std::optional<Error> add_test(std::uint32_t field, std::string_view name, const Setting& operand);
  std::uint32_t field_index(const FieldPath& path);
  std::size_t open(Op op);
  void close(std::size_t group, std::uint32_t count);
};

bool Predicate::State::holds(std::size_t at, const EventView& event) const {
  const Node& node = nodes[at];
  switch (node.op) {
    case Op::all:
    case Op::any: {
      const bool decides = node.op == Op::any;
      std::size_t member = at + 1;
      for (std::uint32_t i = 0; i < node.count; ++i) {
        if (holds(member, event) == decides) return decides;
        member += nodes[member].size;
      }
      return !decides;
    }
    case Op::negate:
      return !holds(at + 1, event);
    default:
      return holds(node, event.get(fields[node.field]));
  }
}

bool Predicate::State::holds(const Node& test, const Value& value) const {
  if (value.absent()) return test.op == Op::absent;
  switch (test.op) {
    case Op::exists:
      return true;
    case Op::one_of:
      return sets[test.index].has(value);
    case Op::range:
      return ranges[test.index].has(value);
    case Op::prefix:
      return value.is_string() && value.text().starts_with(prefixes[test.index]);
    case Op::regex:
      return value.is_string() && regexes[test.index].found_in(value.text());
    case Op::cidr: {
      if (!value.is_string()) return false;
      const auto address = parse_ip(value.text());
      if (!address) return false;
      const auto& prefixes_of = cidrs[test.index];
      return std::any_of(prefixes_of.begin(), prefixes_of.end(),
                         [&](const Cidr& prefix) { return contains(prefix, *address); });
    }
    default:
      return false;
  }
}

std::uint32_t Predicate::State::field_index(const FieldPath& path) {
  const auto next = static_cast<std::uint32_t>(fields.size());
  const auto [known, added] = field_indexes.try_emplace(path.to_string(), next);
  if (added) fields.push_back(path);
  return known->second;
}

std::size_t Predicate::State::open(Op op) {
  nodes.push_back({.op = op});
  return nodes.size() - 1;
}

void Predicate::State::close(std::size_t group, std::uint32_t count) {
  nodes[group].count = count;
  nodes[group].size = static_cast<std::uint32_t>(nodes.size() - group);
}

namespace {

Error not_text(const Setting& operand) {
  return operand.error("must be text, not " + operand.describe());
}

bool is_test(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kTests = {"equals", "in",   "range", "prefix",
                                                             "regex",  "cidr", "exists"};
  return std::find(kTests.begin(), kTests.end(), name) != kTests.end();
}

}  // namespace

std::optional<Error> Predicate::State::add_test(std::uint32_t field, std::string_view name,
                                                const Setting& operand) {
  const auto add_node = [&](Op op, std::size_t operands) {
    nodes.push_back({.op = op, .field = field, .index = static_cast<std::uint32_t>(operands - 1)});
  };
  if (name == "exists") {
    const auto exists = operand.as_bool();
    if (!exists) return exists.error();
    nodes.push_back({.op = *exists ? Op::exists : Op::absent, .field = field});
  } else if (name == "equals" || name == "in") {
    auto set = name == "in" ? ValueSet::parse_list(operand) : ValueSet::parse_one(operand);
    if (!set) return set.error();
    sets.push_back(*std::move(set));
    add_node(Op::one_of, sets.size());
  } else if (name == "range") {
    const auto range = Range::parse(operand);
    if (!range) return range.error();
    ranges.push_back(*range);
    add_node(Op::range, ranges.size());
  } else if (name == "prefix") {
    auto prefix = operand.as_string();
    if (!prefix) return not_text(operand);
    prefixes.push_back(*std::move(prefix));
    add_node(Op::prefix, prefixes.size());
  } else if (name == "regex") {
    const auto pattern = operand.as_string();
    if (!pattern) return not_text(operand);
    auto regex = Regex::compile(*pattern);
    if (!regex) return operand.error(regex.error().message);
    regexes.push_back(*std::move(regex));
    add_node(Op::regex, regexes.size());
  } else {
    auto prefixes_of = parse_cidrs(operand);
    if (!prefixes_of) return prefixes_of.error();
    cidrs.push_back(*std::move(prefixes_of));
    add_node(Op::cidr, cidrs.size());
  }
  return std::nullopt;
}

std::optional<Error> Predicate::State::add_group(Op op, const Setting& list, int depth) {
  if (!list.is_list() || list.items().empty()) {
    return list.error("must be a list of conditions, not " + list.describe());
  }
  const std::size_t group = open(op);
  for (const Setting& item : list.items()) {
    if (auto error = add(item, depth + 1)) return error;
  }
  close(group, static_cast<std::uint32_t>(list.items().size()));
  return std::nullopt;
}

std::optional<Error> Predicate::State::add(const Setting& setting, int depth) {
  if (depth > kDeepest) return setting.error("is nested over 64 deep");
  if (!setting.is_map()) {
    return setting.error("must be a condition like {field: status, equals: 500}, not " +
                         setting.describe());
  }
  std::uint32_t field = 0;
  const Setting* const path = setting.find("field");
  if (path != nullptr) {
    const auto parsed = path->as_field();
    if (!parsed) return parsed.error();
    field = field_index(*parsed);
  }
  const std::size_t group = open(Op::all);
  std::uint32_t count = 0;
  bool tested = false;
  for (const auto& [name, operand] : setting.members()) {
    if (name == "field") continue;
    std::optional<Error> error;
    if (name == "all" || name == "any") {
      error = add_group(name == "all" ? Op::all : Op::any, operand, depth);
    } else if (name == "not") {
      const std::size_t negation = open(Op::negate);
      error = add(operand, depth + 1);
      close(negation, 1);
    } else if (!is_test(name)) {
      error = operand.error("is no test; allowed: " + std::string(kAllowed));
    } else if (path == nullptr) {
      error = operand.error("needs a `field` beside it: which field is tested");
    } else {
      tested = true;
      error = add_test(field, name, operand);
    }
    if (error) return error;
    ++count;
  }
  if (path != nullptr && !tested) {
    return path->error("has no test beside it; allowed: " + std::string(kAllowed));
  }
  if (count == 0) return setting.error("is empty; allowed: " + std::string(kAllowed));
  close(group, count);
  return std::nullopt;
}

Predicate::Predicate() = default;

Result<Predicate> Predicate::parse(const Setting& setting) {
  auto state = std::make_shared<State>();
  if (auto error = state->add(setting, 1)) return *std::move(error);
  state->field_indexes.clear();
  Predicate predicate;
  predicate.state_ = std::move(state);
  return predicate;
}

bool Predicate::operator()(const EventView& event) const {
  return state_ == nullptr || state_->holds(0, event);
}

const std::vector<FieldPath>& Predicate::reads() const {
  static const std::vector<FieldPath> none;
  return state_ == nullptr ? none : state_->fields;
}

}  // namespace logbraid
