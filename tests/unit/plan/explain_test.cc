#include "logbraid/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/plan/scripted_plan.h"
#include "tests/unit/plan/small_plan_svg.h"
#include "tests/unit/plan/text_event.h"

namespace logbraid::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

EnricherKind named_kind(const std::string& name) {
  EnricherKind kind;
  kind.name = name;
  kind.make = [](const Settings&, const MakeContext&) -> Result<EnricherInstance> {
    class Nothing final : public SyncEnricher {
      EnrichStatus enrich(const EventView&, Patch&) override { return CallResult::ok; }
    };
    EnricherInstance instance;
    instance.enricher = std::make_shared<Nothing>();
    return instance;
  };
  return kind;
}

// Two groups, each cause, two placements, one left out.
std::shared_ptr<const ExecutionPlan> small_plan() {
  Registry registry;
  EXPECT_TRUE(registry.add_kind(named_kind("geoip")).has_value());
  const auto add = [&](EnricherMetadata metadata) {
    EXPECT_TRUE(
        registry.add_instance(std::move(metadata), "geoip", Setting::map({}), {}).has_value());
  };
  add(metadata_of({.name = "geo", .writes = {"geo"}}));
  register_all(registry, {{.name = "login", .writes = {"user"}}});
  EnricherMetadata risk = metadata_of(
      {.name = "risk", .dependencies = {"login"}, .reads = {"geo.country"}, .required = {"geo"}});
  risk.placement = Placement::pool;
  risk.description = "a score from 0 to 1";
  EXPECT_TRUE(registry.add(risk, nothing()).has_value());
  add(metadata_of({.name = "plan", .reads = {"user.id"}}));
  EnricherMetadata nightly = metadata_of({"nightly"});
  nightly.conditions.environment = {"production"};
  EXPECT_TRUE(registry.add(nightly, nothing()).has_value());
  return *registry.resolve(registry.names());
}

TEST(ExplainTest, text_tells_groups_causes_and_what_was_left_out) {
  EXPECT_EQ(explain_as_text(*small_plan()),
            "4 enrichers in 2 groups\n"
            "\n"
            "group 1\n"
            "  geo      geoip     inline\n"
            "  login    function  auto\n"
            "\n"
            "group 2\n"
            "  risk     function  pool    after geo (requires), login (dependencies)\n"
            "  plan     geoip     inline  after login (reads user.id)\n"
            "\n"
            "left out\n"
            "  nightly  environment is development, not production\n");
}

TEST(ExplainTest, text_shows_warnings) {
  const auto plan = plan_of({{.name = "a", .writes = {"x"}}, {.name = "b", .writes = {"x"}}});
  EXPECT_THAT(explain_as_text(**plan), HasSubstr("\nwarnings\n  a and b write x, and neither"));
}

TEST(ExplainTest, json_has_order_groups_edges_and_disabled) {
  EXPECT_EQ(explain_as_json(*small_plan()),
            R"({"order": ["geo", "login", "risk", "plan"], )"
            R"("groups": [["geo", "login"], ["risk", "plan"]], )"
            R"("edges": [{"from": "geo", "to": "risk", "because": "requires"}, )"
            R"({"from": "login", "to": "risk", "because": "dependencies"}, )"
            R"({"from": "login", "to": "plan", "because": "reads user.id"}], )"
            R"("disabled": [{"name": "nightly", )"
            R"("because": "environment is development, not production"}]})"
            "\n");
}

TEST(ExplainTest, json_of_an_empty_plan_has_empty_lists) {
  EXPECT_EQ(explain_as_json(**plan_of({})),
            "{\"order\": [], \"groups\": [], \"edges\": [], \"disabled\": []}\n");
}

TEST(ExplainTest, dot_names_groups_and_causes) {
  EXPECT_EQ(explain_as_dot(**plan_of({{"a"}, {"b", {"a"}}})),
            "digraph plan {\n"
            "  rankdir=LR;\n"
            "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n"
            "  edge [fontname=\"sans-serif\", fontsize=10];\n"
            "  {\n"
            "    rank=same;\n"
            "    \"a\" [label=\"a\\nfunction, auto\", fillcolor=\"#f1e8f7\"];\n"
            "  }\n"
            "  {\n"
            "    rank=same;\n"
            "    \"b\" [label=\"b\\nfunction, auto\", fillcolor=\"#f1e8f7\"];\n"
            "  }\n"
            "  \"a\" -> \"b\" [label=\"dependencies\"];\n"
            "}\n");
}

TEST(ExplainTest, svg_is_the_picture_that_was_looked_at) {
  EXPECT_EQ(explain_as_svg(*small_plan()), kSmallPlanSvg);
}

TEST(ExplainTest, names_cannot_break_out_of_any_format) {
  const std::string name = "<x>\"&\\\n\x1b[31m\xff\xc2\x9b";
  const auto plan = plan_of({{name}, {"b", {name}}});
  ASSERT_TRUE(plan.has_value());
  for (const std::string& out :
       {explain_as_text(**plan), explain_as_svg(**plan), explain_as_dot(**plan)}) {
    EXPECT_THAT(out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(out, Not(HasSubstr("\xff")));
    EXPECT_THAT(out, Not(HasSubstr("\xc2\x9b")));
  }
  EXPECT_THAT(explain_as_svg(**plan), Not(HasSubstr("<x>")));
  EXPECT_THAT(explain_as_svg(**plan), HasSubstr("&lt;x&gt;&quot;&amp;\\"));
  EXPECT_THAT(explain_as_dot(**plan), HasSubstr("\"<x>\\\"&\\\\"));
  EXPECT_THAT(explain_as_json(**plan), HasSubstr(R"(<x>\"&\\\n\u001b[31m)"));
}

TEST(ExplainTest, svg_cuts_long_names_and_keeps_them_in_the_title) {
  const std::string name(80, 'n');
  const std::string svg = explain_as_svg(**plan_of({{name}}));
  EXPECT_THAT(svg, HasSubstr("<title>" + name + " (function"));
  EXPECT_THAT(svg, Not(HasSubstr(">" + name + "</text>")));
  EXPECT_THAT(svg, HasSubstr("n\xe2\x80\xa6</text>"));
}

TEST(ExplainTest, svg_of_ten_thousand_says_that_it_is_cut) {
  std::vector<Scripted> all(10'000);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].name = "e" + std::to_string(i);
    if (i % 3 != 0) all[i].dependencies = {"e" + std::to_string(i / 3)};
  }
  const std::string svg = explain_as_svg(**plan_of(all));
  EXPECT_THAT(svg, HasSubstr("The first 120 of 10000 enrichers are drawn."));
  EXPECT_LT(svg.size(), 200'000u);
}

TEST(ExplainTest, svg_of_a_chain_and_of_no_plan_at_all) {
  std::vector<Scripted> chain(200);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    chain[i].name = "e" + std::to_string(i);
    for (std::size_t d = 0; d < i; ++d) chain[i].dependencies.push_back("e" + std::to_string(d));
  }
  EXPECT_THAT(explain_as_svg(**plan_of(chain)), HasSubstr("The first 120 of 200"));
  EXPECT_THAT(explain_as_svg(**plan_of({})), HasSubstr("The plan has no enrichers."));
}

std::vector<std::string> verdicts_of(Registry& registry, const std::string& event) {
  const auto plan = registry.resolve(registry.names());
  EXPECT_TRUE(plan.has_value());
  TextEvent text(event);
  std::vector<std::string> lines;
  for (const EventVerdict& verdict : explain_event(**plan, text.view(), [] { return 12; })) {
    const char* const what[] = {"runs", "skips", "open"};
    lines.push_back(verdict.name + " " + what[static_cast<int>(verdict.what)] +
                    (verdict.because.empty() ? "" : ": " + verdict.because));
  }
  return lines;
}

EnricherMetadata with_when(Scripted scripted, const std::string& field, const char* equals) {
  EnricherMetadata metadata = metadata_of(scripted);
  metadata.when =
      *Predicate::parse(Setting::map({{"field", Setting(field)}, {"equals", Setting(equals)}}));
  return metadata;
}

TEST(ExplainEventTest, tells_what_runs_and_why_the_rest_does_not) {
  Registry registry;
  register_all(registry, {{.name = "profile", .writes = {"user"}}});
  EnricherMetadata loud = metadata_of({"loud"});
  loud.conditions.min_level = "ERROR";
  EnricherMetadata nightly = metadata_of({"nightly"});
  nightly.conditions.environment = {"production"};
  for (const EnricherMetadata& metadata :
       {loud, with_when({"posts"}, "method", "POST"), with_when({"gets"}, "method", "GET"),
        with_when({"paying"}, "user.plan", "pro"), nightly}) {
    ASSERT_TRUE(registry.add(metadata, nothing()).has_value());
  }
  register_all(registry, {{.name = "after_loud", .required = {"loud"}},
                          {.name = "after_paying", .required = {"paying"}}});
  EXPECT_THAT(
      verdicts_of(registry, R"({"level":"info","method":"GET"})"),
      ElementsAre("profile runs", "loud skips: level is info, under ERROR",
                  "posts skips: when is false", "gets runs",
                  "paying open: when is false on the input event, but it reads user.plan, which "
                  "profile writes: decided at the call",
                  "after_loud skips: requires loud, which does not run",
                  "after_paying open: requires paying, which is open",
                  "nightly skips: environment is development, not production"));
}

TEST(ExplainEventTest, text_has_a_line_for_each) {
  using What = EventVerdict::What;
  EXPECT_EQ(explain_as_text({{"geo", What::runs, ""}, {"user", What::skips, "when is false"}}),
            "runs   geo\nskips  user  when is false\n");
}

}  // namespace
}  // namespace logbraid::test
