#include <fmt/format.h>

#include <memory>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "config/yaml_writer.h"

namespace logbraid::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  logbraid check pipeline.yaml
  logbraid check pipeline.yaml --print         with all defaults, as it is understood
  logbraid check pipeline.yaml -c production.yaml && systemctl restart logbraid

Reads the configuration, makes every enricher, source and sink (so that a table or database that
cannot be read is found) and resolves the plan, but reads and writes no event.
Says everything that is wrong, with file, line and key, and ends with 2; with 0 if nothing is.)";

struct CheckArguments {
  ConfigArguments config;
  bool print = false;
};

std::string verdict(const LoadedPipeline& loaded, const PipelineParts& parts) {
  const auto count = [](std::size_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  return fmt::format("fine: {} ({}) -> {} in {} -> {} ({})\n", parts.source->description(),
                     loaded.config.source.format, count(loaded.plan->size(), "enricher"),
                     count(loaded.plan->groups().size(), "group"), parts.sink->description(),
                     loaded.config.sink.format);
}

ExitCode check(const CheckArguments& arguments, Console& console) {
  ErrorList errors;
  const auto loaded = load(arguments.config, errors);
  const auto parts = loaded ? make_parts(*loaded, errors) : std::nullopt;
  if (!parts) {
    report(errors, console);
    return kUsage;
  }
  for (const std::string& warning : loaded->plan->warnings()) console.warning(warning);
  const std::string text =
      arguments.print ? to_yaml(loaded->config.effective) : verdict(*loaded, *parts);
  return write_result(text, console) ? kDone : kFailed;
}

}  // namespace

void add_check_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* const command = app.add_subcommand("check", "Says what is wrong with a configuration");
  add_config_arguments(*command, arguments->config, Files::one);
  command->add_flag("--print", arguments->print,
                    "Prints the configuration as it is understood, secrets masked");
  command->footer(kExamples);
  command->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) { return check(*arguments, console); };
  });
}

}  // namespace logbraid::cli
