#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/help_format.h"
#include "core/suggestion.h"

namespace logbraid::cli {
namespace {

constexpr const char* kAbout =
    "Runs the enrichers of log events in parallel: reads log lines, adds fields to them, writes "
    "them as JSON.";

constexpr const char* kExamples = R"(Examples:
  logbraid run                                 an example, with a summary at its end
  logbraid run pipeline.yaml < app.log > enriched.json
  logbraid list enrichers                      what there is
  logbraid plan pipeline.yaml                  what would run at the same time

A pipeline is a YAML file:
  source: {type: file, paths: [/var/log/nginx/access.log], format: combined}
  enrichers:
    - {type: url, input: path, output: url}
    - {type: geoip, database: city.mmdb, input: client_ip, output: geo}
  sink: {type: stdout}

`logbraid COMMAND --help` says more about each command.)";

// A descriptor below 3 that is closed would be given to the next file that is opened: events would
// land in it. Input that is closed is empty; output that is closed refuses to be written.
void occupy_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) ::open("/dev/null", O_RDONLY);
  }
}

std::vector<std::string_view> command_names(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// The first word must be a command; CLI11 would only say that it did not expect it.
bool names_unknown_command(const CLI::App& app, int argc, char** argv, Console& console) {
  if (argc < 2 || argv[1][0] == '-') return false;
  const std::vector<std::string_view> names = command_names(app);
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return false;
  console.error("there is no command \"" + std::string(argv[1]) + "\"; " +
                suggestion(argv[1], names));
  return true;
}

int run(int argc, char** argv) {
  occupy_standard_descriptors();
  // A reader of the output that goes away is an answer to write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);

  Console console;
  Action chosen;
  CLI::App app(kAbout, "logbraid");
  // Subcommands inherit both.
  app.formatter(std::make_shared<HelpFormat>());
  app.set_help_flag("-h,--help", "Says this");
  app.set_version_flag("--version", "logbraid " LOGBRAID_VERSION, "Says the version");
  app.footer(kExamples);
  app.require_subcommand(1);
  add_run_command(app, chosen);
  add_check_command(app, chosen);
  add_plan_command(app, chosen);
  add_list_command(app, chosen);
  add_verify_command(app, chosen);
  add_bench_command(app, chosen);
  add_import_command(app, chosen);

  if (names_unknown_command(app, argc, argv, console)) return kUsage;
  if (argc < 2) {
    console.print(app.help());
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    console.error(wrong.what());
    const auto commands = app.get_subcommands();
    console.note("try: logbraid " + (commands.empty() ? "" : commands.front()->get_name() + " ") +
                 "--help");
    return kUsage;
  }
  return chosen(console);
}

}  // namespace
}  // namespace logbraid::cli

int main(int argc, char** argv) {
  try {
    return logbraid::cli::run(argc, argv);
  } catch (const std::exception& failed) {  // out of memory, of threads, of descriptors
    logbraid::cli::Console().error(failed.what());
    return logbraid::cli::kFailed;
  }
}
