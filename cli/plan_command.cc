#include <map>
#include <memory>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "core/batch.h"
#include "format/builtin.h"
#include "logbraid/explain.h"

namespace logbraid::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  logbraid plan pipeline.yaml                  groups, and what each enricher waits for
  logbraid plan pipeline.yaml --format svg -o plan.svg
  logbraid plan pipeline.yaml --format dot | dot -Tpng > plan.png
  logbraid plan pipeline.yaml --format json | jq .edges
  logbraid plan pipeline.yaml --event '{"level": "INFO", "path": "/login"}'

Enrichers of one group can run at the same time. With --event: which of them would run for that
event, and why the others would not.)";

struct PlanArguments {
  ConfigArguments config;
  std::string event;
  bool has_event = false;
  std::string format = "text";
  std::string output;
};

Result<std::string> explain_one(const ExecutionPlan& plan, const std::string& json) {
  Batch batch;
  batch.reserve(json.size());
  json.copy(batch.buffer(), json.size());
  batch.set_size(json.size());
  make_reader("json")->read(batch);
  if (batch.records().size() != 1) return Error("--event: needs one JSON object on one line");
  const Record& record = batch.records().front();
  if (record.malformed()) return Error("--event: " + std::string(record.parse_error));
  return explain_as_text(explain_event(plan, EventView(record.event, batch.arena()), local_hour));
}

Result<std::string> explain(const PlanArguments& arguments, const ExecutionPlan& plan) {
  if (arguments.has_event) return explain_one(plan, arguments.event);
  static const std::map<std::string, std::string (*)(const ExecutionPlan&)> formats = {
      {"text", explain_as_text},
      {"json", explain_as_json},
      {"dot", explain_as_dot},
      {"svg", explain_as_svg},
  };
  return formats.at(arguments.format)(plan);
}

ExitCode plan(const PlanArguments& arguments, Console& console) {
  ErrorList errors;
  const auto loaded = load(arguments.config, errors);
  if (!loaded) {
    report(errors, console);
    return kUsage;
  }
  // As text, the plan has them itself.
  if (arguments.format != "text" || arguments.has_event) {
    for (const std::string& warning : loaded->plan->warnings()) console.warning(warning);
  }
  const Result<std::string> text = explain(arguments, *loaded->plan);
  if (!text) {
    console.error(text.error());
    return kUsage;
  }
  return write_result_to(arguments.output, *text, console) ? kDone : kFailed;
}

}  // namespace

void add_plan_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<PlanArguments>();
  CLI::App* const command = app.add_subcommand("plan", "Shows which enrichers run when, and why");
  add_config_arguments(*command, arguments->config, Files::one);
  CLI::Option* const format =
      command->add_option("--format", arguments->format, "text, json, dot (Graphviz) or svg")
          ->check(CLI::IsMember({"text", "json", "dot", "svg"}).description(""))
          ->type_name("FORMAT");
  CLI::Option* const event =
      command->add_option("--event", arguments->event, "What would run for this event")
          ->type_name("JSON");
  event->excludes(format);
  command->add_option("-o,--output", arguments->output, "Writes to a file instead of stdout")
      ->type_name("OUT");
  command->footer(kExamples);
  command->callback([arguments, event, &chosen] {
    arguments->has_event = event->count() > 0;
    chosen = [arguments](Console& console) { return plan(*arguments, console); };
  });
}

}  // namespace logbraid::cli
