#include "tests/support/reference_interpreter.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tests/support/scripted_enricher.h"

namespace logbraid::test {
namespace {

// An object of texts and objects, in order. What was removed keeps its place.
struct Tree {
  enum class Kind : std::uint8_t { absent, text, object };
  Kind kind = Kind::absent;
  std::string text;
  std::vector<std::pair<std::string, Tree>> members;

  Tree* find(std::string_view key) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const auto& member) { return member.first == key; });
    return found == members.end() ? nullptr : &found->second;
  }
  void set(std::string_view path, const std::string& value) {
    if (kind != Kind::object) *this = Tree{Kind::object, {}, {}};
    const std::size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    Tree* member = find(key);
    if (member == nullptr) member = &members.emplace_back(key, Tree()).second;
    if (dot != std::string_view::npos) {
      member->set(path.substr(dot + 1), value);
    } else {
      *member = Tree{Kind::text, value, {}};
    }
  }
  std::string json() const {
    if (kind == Kind::text) return "\"" + text + "\"";
    std::string json = "{";
    for (const auto& [key, member] : members) {
      if (member.kind == Kind::absent) continue;
      json += (json.size() == 1 ? "\"" : ",\"") + key + "\":" + member.json();
    }
    return json + "}";
  }
  // Null where nothing is.
  Tree* at(std::string_view path) {
    const std::size_t dot = path.find('.');
    Tree* const member = kind == Kind::object ? find(path.substr(0, dot)) : nullptr;
    if (member == nullptr || member->kind == Kind::absent) return nullptr;
    return dot == std::string_view::npos ? member : member->at(path.substr(dot + 1));
  }
  // What an enricher finds there, as text.
  std::string look_up(std::string_view path) {
    Tree* const found = at(path);
    if (found == nullptr) return {};
    return found->kind == Kind::text ? found->text : found->json();
  }
};

// A patch: what one enricher set, in order; no value: removed.
using Steps = std::vector<std::pair<std::string, std::optional<std::string>>>;

void apply_patch(const Steps& steps, Tree& to) {
  for (const auto& [path, value] : steps) {
    if (value) {
      to.set(path, *value);
    } else if (Tree* const member = to.find(path); member != nullptr) {
      *member = Tree();  // only top-level fields are removed
    }
  }
}

Tree event_as_read(std::uint64_t number) {
  Tree event{Tree::Kind::object, {}, {}};
  event.set("message", std::to_string(number));
  event.set("level", number % 4 == 0 ? "ERROR" : "INFO");
  event.set("gone0", "a");
  event.set("user", "u" + std::to_string(number % 5));
  if (number % 2 == 0) event.set("s0", "in");
  if (number % 3 == 0) event.set("deep.x", "in");
  if (number % 3 == 0) event.set("deep.z", "in");
  if (number % 3 == 1) event.set("deep", "flat");
  event.set("gone1", "b");
  return event;
}

struct Ended {
  Outcome outcome = Outcome::ok;
  Steps steps;
};

// A look-up: what its key is, and what is known of that, whoever else asks for it.
Ended look_up(const RandomNode& node, Tree& seen) {
  std::string key;
  for (const std::string& field : node.key_fields) {
    const Tree* const part = seen.at(field);
    if (part == nullptr) return {Outcome::no_match, {}};
    if (part->kind == Tree::Kind::object) return {Outcome::error, {}};
    key += (key.empty() ? "" : "/") + part->text;
  }
  const Act act = node.act_for(key);
  if (act.hang != Act::Hang::no) return {Outcome::timeout, {}};
  if (act.ending == Ending::no_match) return {Outcome::no_match, {}};
  if (act.ending != Ending::ok) return {Outcome::error, {}};
  const std::string made = digest(node.name, key, {});
  Ended ended;
  ended.steps.emplace_back(node.own(), made);
  if (!node.sets.empty()) ended.steps.emplace_back(node.sets, made);
  return ended;
}

// A call that is made: what it sees, sets, and how it ends.
Ended call(const RandomPlan& plan, const RandomNode& node, std::uint64_t event, Tree& seen) {
  if (node.form == RandomNode::Form::lookup) return look_up(node, seen);
  const Act act = node.act(event);
  if (act.hang != Act::Hang::no) return {Outcome::timeout, {}};
  Ended ended;
  if (act.ending == Ending::no_match) {
    ended.outcome = Outcome::no_match;
  } else if (act.ending != Ending::ok || node.always_throws) {
    return {Outcome::error, {}};
  }
  std::vector<std::string> found;
  for (const std::string& field : plan.fields()) found.push_back(seen.look_up(field));
  const std::string made = digest(node.name, std::to_string(event), found);
  ended.steps.emplace_back(node.own(), made);
  if (!node.sets.empty()) ended.steps.emplace_back(node.sets, made);
  if (!node.removes.empty()) ended.steps.emplace_back(node.removes, std::nullopt);
  return ended;
}

bool is_cut_short(const RandomNode& node, std::uint64_t event, Outcome made) {
  if (made == Outcome::timeout) return true;
  // A request's attempts have the time of the request, whatever is left of the event's.
  return node.form != RandomNode::Form::lookup && made == Outcome::error &&
         node.act(event).failures_first != 0;
}

bool falls_back(const RandomNode& node, Outcome outcome) {
  return node.fallback &&
         (outcome == Outcome::no_match ? node.fallback_on_no_match : is_failure(outcome));
}

}  // namespace

Expected interpret(const RandomPlan& plan, const ExecutionPlan& resolved, std::uint64_t event,
                   const std::vector<Outcome>& made) {
  const std::size_t size = resolved.size();
  std::vector<std::vector<bool>> ancestors(size, std::vector<bool>(size));
  std::vector<Ended> ended(size);
  Expected expected;
  for (std::size_t i = 0; i < size; ++i) {
    const PlanNode& place = resolved.nodes()[i];
    const RandomNode& node = plan.node(place.name);
    for (const std::uint32_t from : place.dependencies) {
      ancestors[i][from] = true;
      for (std::size_t k = 0; k < size; ++k) {
        if (ancestors[from][k]) ancestors[i][k] = true;
      }
    }
    Tree seen = event_as_read(event);
    bool met = true;
    for (std::size_t k = 0; k < i; ++k) {
      if (ancestors[i][k]) apply_patch(ended[k].steps, seen);
      const RandomNode& other = plan.node(resolved.nodes()[k].name);
      const bool is_required = std::count(node.required.begin(), node.required.end(), other.name);
      const Outcome outcome = ended[k].outcome;
      if (is_required && outcome != Outcome::ok && !falls_back(other, outcome)) met = false;
    }
    if (!made.empty() && is_cut_short(node, event, made[i])) {
      ended[i].outcome = made[i];
    } else if (!met) {
      ended[i].outcome = Outcome::dependency_unmet;
    } else if (node.off_for(event) || (!node.when.empty() && seen.look_up(node.when).empty())) {
      ended[i].outcome = Outcome::condition_false;
    } else {
      ended[i] = call(plan, node, event, seen);
    }
    if (falls_back(node, ended[i].outcome)) ended[i].steps = {{node.own(), "fallback"}};
    expected.outcomes.push_back(ended[i].outcome);
  }
  Tree written = event_as_read(event);
  for (const Ended& each : ended) apply_patch(each.steps, written);
  expected.line = written.json();
  for (std::size_t i = 0; i < size; ++i) {
    const RandomNode& node = plan.node(resolved.nodes()[i].name);
    if (!is_failure(ended[i].outcome) || node.on_failure == OnFailure::pass) continue;
    if (node.on_failure == OnFailure::drop) {
      expected.dropped = true;
    } else if (expected.dead_letter.empty()) {
      written.set("enrich_error", node.name + ": " + std::string(to_string(ended[i].outcome)));
      expected.dead_letter = written.json();
    }
  }
  if (!expected.dead_letter.empty()) expected.dropped = false;
  return expected;
}

}  // namespace logbraid::test
