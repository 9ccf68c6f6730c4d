// Random graphs, placements, delays, failures and hangs against an interpreter that knows nothing
// of time: whatever runs when, the same lines come out.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/json_text.h"
#include "tests/support/plan_driver.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using What = Step::What;

struct RandomPlan {
  std::vector<PlanPart> parts;
  std::vector<std::vector<std::size_t>> dependencies;  // by part, direct
};

Step step_for(std::uint64_t seed, std::string_view name, std::string_view message) {
  std::mt19937_64 random(seed ^ std::hash<std::string_view>{}(name) ^
                         (std::hash<std::string_view>{}(message)*31));
  Step step;
  step.delay = milliseconds(random() % 20);
  switch (random() % 20) {
    case 0:
      step.what = What::error;
      break;
    case 1:
      step.what = What::throws_exception;
      break;
    case 2:
      step.what = What::throws_int;
      break;
    case 3:
      step.what = What::no_match;
      break;
    case 4:
      step.what = What::hangs;
      break;
    default:
      break;
  }
  return step;
}

RandomPlan random_plan(std::uint64_t seed, std::size_t nodes) {
  std::mt19937_64 random(seed);
  RandomPlan made;
  for (std::size_t i = 0; i < nodes; ++i) {
    auto script = std::make_shared<Script>();
    script->name = "e" + std::to_string(i);
    script->writes = FieldPath("out." + script->name);
    PlanPart part;
    part.placement = static_cast<Placement>(random() % 3);
    part.metadata.priority = static_cast<int>(random() % 5) * 50;
    made.dependencies.emplace_back();
    for (std::size_t from = 0; from < i; ++from) {
      if (random() % (nodes / 2 + 2) != 0) continue;
      auto& names = random() % 4 == 0 ? part.metadata.required : part.metadata.dependencies;
      names.push_back("e" + std::to_string(from));
      made.dependencies.back().push_back(from);
    }
    // Everybody looks for everybody: what must not be seen would show.
    for (std::size_t other = 0; other < nodes; ++other) {
      script->looks_at.emplace_back("out.e" + std::to_string(other));
    }
    const bool waits = part.placement == Placement::async;
    script->step = [seed, waits, name = script->name](std::string_view message) {
      Step step = step_for(seed, name, message);
      // Only what waits on the loop can hang in a test whose time stands still.
      if (step.what == What::hangs && !waits) step.what = What::ok;
      return step;
    };
    part.script = std::move(script);
    made.parts.push_back(std::move(part));
  }
  return made;
}

// The line an event must give: each enricher once, after all it depends on, seeing its ancestors.
std::string interpret(const RandomPlan& plan, const ExecutionPlan& resolved,
                      const std::string& message) {
  const std::size_t nodes = plan.parts.size();
  std::vector<std::vector<bool>> ancestors(nodes, std::vector<bool>(nodes));
  std::vector<std::string> result(nodes);
  std::vector<bool> ok(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (const std::size_t from : plan.dependencies[i]) {
      ancestors[i][from] = true;
      for (std::size_t k = 0; k < nodes; ++k) {
        if (ancestors[from][k]) ancestors[i][k] = true;
      }
    }
    const Script& script = *plan.parts[i].script;
    bool met = true;
    for (const std::string& name : plan.parts[i].metadata.required) {
      met = met && ok[std::stoul(name.substr(1))];
    }
    const What what = script.step(message).what;
    ok[i] = met && what == What::ok;
    if (!ok[i]) continue;
    std::vector<std::string> found(nodes);
    for (std::size_t k = 0; k < nodes; ++k) {
      if (ancestors[i][k]) found[k] = result[k];
    }
    result[i] = digest(script.name, message, found);
  }
  std::string line = "{\"message\":\"" + message + "\"";
  const char* separator = ",\"out\":{";
  bool any = false;
  for (const PlanNode& node : resolved.nodes()) {
    const std::size_t i = std::stoul(node.name.substr(1));
    if (!ok[i]) continue;
    line += separator;
    separator = ",";
    any = true;
    line += "\"" + node.name + "\":\"" + result[i] + "\"";
  }
  return line + (any ? "}}" : "}");
}

TEST(PlanRunnerProperty, random_graphs_give_what_an_interpreter_gives_in_every_mode) {
  const std::vector<std::string> messages = {"one", "two", "three", "four", "five"};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const std::size_t nodes = 1 + seed * 7 % 60;
    const RandomPlan random = random_plan(seed, nodes);
    const auto plan = plan_of(random.parts);
    for (int variant = 0; variant < 3; ++variant) {
      ExecutionOptions options;
      options.mode = variant == 0 ? Mode::sequential : Mode::parallel;
      options.schedule = variant == 1 ? Schedule::levels : Schedule::ready;
      options.enricher_timeout = seconds(1);
      options.group_timeout = seconds(200);  // sixty hangs in sequence are within it
      options.event_timeout = seconds(20000);
      options.in_flight = 1 + static_cast<std::uint32_t>(seed % 4);
      options.max_parallel_threads = 2;
      PlanDriver driver(plan, options);
      driver.add(messages);
      driver.run();
      for (std::size_t i = 0; i < messages.size(); ++i) {
        ASSERT_EQ(driver.lines().at(i), interpret(random, *plan, messages[i]))
            << "seed " << seed << ", variant " << variant;
        for (const PlanNode& node : plan->nodes()) {
          ASSERT_LT(static_cast<std::size_t>(driver.outcome(i, node.name)), kOutcomes)
              << "an enricher without an outcome";
        }
      }
      const RunMetrics metrics = driver.runner().metrics();
      for (const EnricherMetrics& enricher : metrics.enrichers) {
        std::uint64_t outcomes = 0;
        for (const std::uint64_t count : enricher.outcomes) outcomes += count;
        ASSERT_EQ(outcomes, messages.size()) << "one outcome an event, seed " << seed;
      }
      driver.wait_for_late_calls();
      ASSERT_EQ(driver.batches_released(), messages.size());
    }
  }
}

}  // namespace
}  // namespace logbraid::test
