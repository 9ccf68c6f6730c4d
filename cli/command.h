#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/console.h"

namespace logbraid::cli {

// What a program ends with.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2 };  // kUsage: usage or configuration

// What to do, once the command line is understood.
using Action = std::function<ExitCode(Console&)>;

// Each adds its subcommand; when that is the one asked for, it puts into `chosen` what to do.
void add_run_command(CLI::App& app, Action& chosen);
void add_check_command(CLI::App& app, Action& chosen);
void add_plan_command(CLI::App& app, Action& chosen);
void add_list_command(CLI::App& app, Action& chosen);
void add_verify_command(CLI::App& app, Action& chosen);
void add_bench_command(CLI::App& app, Action& chosen);
void add_import_command(CLI::App& app, Action& chosen);

// What every command that reads a configuration takes.
struct ConfigArguments {
  std::vector<std::string> files;
  std::vector<std::string> more_files;  // -c
  std::vector<std::string> overrides;   // --set
};
enum class Files { one, any };
void add_config_arguments(CLI::App& command, ConfigArguments& arguments, Files files);

}  // namespace logbraid::cli
