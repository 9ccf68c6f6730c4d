#include <unistd.h>

#include <memory>
#include <string>

#include "cli/child_output.h"
#include "cli/command.h"
#include "cli/home.h"

namespace logbraid::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  logbraid import fapilog shop.enrichers       the module that registers the enrichers
  logbraid import fapilog enrichers.py --output pipeline.yaml
  logbraid import fapilog shop.enrichers --python venv/bin/python3

Runs the module's Python code to find what it registers with fapilog, and writes a configuration
in which each enricher is served by that code, unchanged, in a process of its own (type: exec).
Names, priorities, dependencies and conditions are carried over; comments say what could not be.

  logbraid plan pipeline.yaml && logbraid run pipeline.yaml < events.jsonl)";

struct ImportArguments {
  std::string module;
  std::string output;
  std::string python = "python3";
};

ExitCode import(const ImportArguments& arguments, Console& console) {
  const std::string server = (home() / "contrib" / "fapilog" / "serve.py").string();
  if (::access(server.c_str(), R_OK) != 0) {
    console.error("the program that serves fapilog's enrichers is not at " + server +
                  "; LOGBRAID_HOME says in which folder contrib/ is");
    return kUsage;
  }
  const auto answer = child_output({arguments.python, server, arguments.module, "--configuration"});
  if (!answer) {
    console.error("cannot run " + arguments.python + ": " + answer.error().message +
                  "; install Python 3.9 or later, or name it: --python /usr/bin/python3");
    return kUsage;
  }
  // What is wrong it has said itself.
  if (answer->code != 0) return kUsage;
  if (!write_result_to(arguments.output, answer->text, console)) return kFailed;
  if (!arguments.output.empty()) {
    console.note("wrote " + arguments.output + "; see it with: logbraid plan " + arguments.output);
  }
  return kDone;
}

}  // namespace

void add_import_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* const command =
      app.add_subcommand("import", "Writes a configuration for enrichers of another program");
  command->require_subcommand(1);
  CLI::App* const fapilog =
      command->add_subcommand("fapilog", "Enrichers that a Python module registers with fapilog");
  fapilog->add_option("MODULE", arguments->module, "The module, as Python imports it, or its file")
      ->required();
  fapilog->add_option("-o,--output", arguments->output, "Writes to a file instead of stdout")
      ->type_name("FILE");
  fapilog
      ->add_option("--python", arguments->python,
                   "The Python that has what the module needs; python3 in PATH where unset")
      ->type_name("PROGRAM");
  command->footer(kExamples);
  fapilog->footer(kExamples);
  fapilog->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) { return import(*arguments, console); };
  });
}

}  // namespace logbraid::cli
