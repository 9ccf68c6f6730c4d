#include <memory>
#include <string>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "cli/sample_file.h"
#include "engine/verify.h"

namespace logbraid::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  logbraid verify pipeline.yaml --input access.log
  logbraid verify pipeline.yaml --input access.log --rounds 24
  logbraid verify pipeline.yaml --input access.log --format json | jq .hidden

Runs the enrichers of FILE over the sample, twice in sequence and --rounds times in parallel, and
compares the outputs event by event; source and sink of FILE are not used, but its format is. Shows
what each enricher was seen to read and write beside what is declared, and names the dependencies
that nobody declared with the line that does. What enrichers marked `volatile: true` write is not
compared. Ends with 1 where outputs differ or a dependency is missing.)";

struct VerifyArguments {
  ConfigArguments config;
  std::string input;
  unsigned rounds = 6;
  std::string format = "text";
};

ExitCode verify(const VerifyArguments& arguments, Console& console) {
  const auto given = load_with_sample(arguments.config, arguments.input, console);
  if (!given) return kUsage;
  const auto verified =
      logbraid::verify(parts_without_ends(given->loaded), given->sample, arguments.rounds);
  if (!verified) {
    console.error(verified.error());
    return kFailed;
  }
  const ExecutionPlan& plan = *given->loaded.plan;
  const std::string text = arguments.format == "json" ? verify_as_json(plan, *verified)
                                                      : verify_as_text(plan, *verified);
  if (!write_result(text, console)) return kFailed;
  return verified->passed() ? kDone : kFailed;
}

}  // namespace

void add_verify_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* const command = app.add_subcommand(
      "verify", "Runs a sample in sequence and in parallel; finds undeclared dependencies");
  add_config_arguments(*command, arguments->config, Files::one);
  command->add_option("--input", arguments->input, "Lines to run over, in the format of FILE")
      ->type_name("SAMPLE")
      ->required();
  command->add_option("--rounds", arguments->rounds, "How often it is run in parallel")
      ->type_name("N")
      ->check(CLI::Range(1u, 10000u).description(""))
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}).description(""))
      ->type_name("FORMAT");
  command->footer(kExamples);
  command->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) { return verify(*arguments, console); };
  });
}

}  // namespace logbraid::cli
