#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/home.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/stats_file.h"
#include "cli/summary.h"
#include "core/printable.h"
#include "engine/run_stats.h"

namespace logbraid::cli {
namespace {

// Of a line that was refused, in a warning.
constexpr std::size_t kLineShown = 120;  // characters
constexpr std::size_t kNameShown = 40;

constexpr const char* kExamples = R"(Examples:
  logbraid run                                 the example that comes with logbraid
  logbraid run pipeline.yaml > enriched.json
  tail -f access.log | logbraid run pipeline.yaml
  logbraid run pipeline.yaml -c production.yaml
  logbraid run pipeline.yaml --set execution.mode=sequential
  logbraid run pipeline.yaml --set source.type=demo --set source.count=100000
  logbraid run pipeline.yaml --stats run.json  what the run did, for programs

Events go to where `sink:` says, standard output by default; everything else goes to standard error.
Ctrl-C (SIGINT, SIGTERM) finishes what was read; a second one ends at once.
Ends with 0 when done, 1 when reading or writing failed, 2 for a wrong command line or configuration.)";

struct RunArguments {
  ConfigArguments config;
  bool quiet = false;
  std::string stats;  // empty: none
};

// Nothing where none is asked for, or where it is refused: then `refused` says with what to end.
std::optional<StatsFile> stats_file(const std::string& path, std::optional<ExitCode>& refused,
                                    Console& console) {
  if (path.empty()) return std::nullopt;
  if (path == "-") {
    console.error("--stats: - is standard output, which belongs to the events; name a file");
    refused = kUsage;
    return std::nullopt;
  }
  auto file = StatsFile::create(path);
  if (file) return *std::move(file);
  console.error(file.error());
  refused = kFailed;
  return std::nullopt;
}

bool choose_example(ConfigArguments& config, bool quiet, Console& console) {
  const std::filesystem::path example = home() / "examples" / "access_log" / "pipeline.yaml";
  std::error_code problem;
  if (!std::filesystem::exists(example, problem)) {
    console.error(
        "name a configuration: logbraid run FILE (the example that runs without one is not at " +
        example.string() + ")");
    return false;
  }
  if (!quiet) console.note("no FILE given: this is the example " + example.string());
  config.files.push_back(example.string());
  return true;
}

// What an operator wants to know of it; between an outage's beginning and its end, nothing.
std::optional<std::string> breaker_text(std::string_view enricher, const BreakerChange& change) {
  const std::string name = "enricher " + printable(enricher, kNameShown);
  if (change.to == BreakerState::open && change.from == BreakerState::closed) {
    return name + " is left alone: its circuit breaker has opened (" +
           std::string(to_string(change.cause)) + "), the first probe is in " +
           duration_text(change.open_for);
  }
  if (change.to == BreakerState::closed) return name + " is back: its circuit breaker has closed";
  return std::nullopt;
}

// Events that scroll over the screen and a line that is written over do not go together.
bool shows_progress(const LoadedPipeline& loaded, bool quiet, const Console& console) {
  const bool events_on_screen = loaded.config.sink.kind == "stdout" && ::isatty(STDOUT_FILENO) == 1;
  return !quiet && console.has_status_line() && !events_on_screen;
}

ExitCode run(RunArguments arguments, Console& console) {
  if (arguments.config.files.empty() && arguments.config.more_files.empty() &&
      !choose_example(arguments.config, arguments.quiet, console)) {
    return kUsage;
  }
  std::optional<ExitCode> refused;
  const std::optional<StatsFile> stats = stats_file(arguments.stats, refused, console);
  if (refused) return *refused;
  ErrorList errors;
  const auto loaded = load(arguments.config, errors);
  auto parts = loaded ? make_parts(*loaded, errors) : std::nullopt;
  if (!parts) {
    report(errors, console);
    return kUsage;
  }
  for (const std::string& warning : loaded->plan->warnings()) console.warning(warning);
  parts->on_hidden_dependency = [&](const std::string& text) { console.warning(text); };
  parts->on_stall = [&](std::string_view enricher, Duration lasted) {
    console.warning("enricher " + std::string(enricher) + " holds up its shard for " +
                    duration_text(lasted) + " already; placement: pool would keep it apart");
  };
  parts->on_breaker_change = [&](std::string_view enricher, const BreakerChange& change) {
    if (const auto text = breaker_text(enricher, change)) console.warning(*text);
  };
  parts->on_malformed_line = [&](const MalformedLine& line) {
    console.warning("line " + count_text(line.line) + " is refused: " + line.reason + ": " +
                    printable(line.text, kLineShown));
  };

  // Before the pipeline, whose threads must not get the signals. Until it is there, one that comes
  // waits in `interrupt_source`.
  Source& source = *parts->source;
  const SignalWatch watch([&](int) {
    source.interrupt();
    if (!arguments.quiet) console.note("finishing what was read; once more ends at once");
  });
  auto pipeline = Pipeline::create(std::move(*parts));
  if (!pipeline) {
    console.error(pipeline.error());
    return kUsage;
  }

  std::optional<Progress> progress;
  if (shows_progress(*loaded, arguments.quiet, console)) progress.emplace(console, **pipeline);
  const RunReport report = (*pipeline)->run();
  progress.reset();

  if (!arguments.quiet) {
    console.print(summary_text(report, *loaded->plan, loaded->config.execution, console));
  }
  if (report.error) console.error(*report.error);
  ExitCode code = report.error ? kFailed : kDone;
  if (stats) {
    if (const Result<void> written = stats->write(run_stats_json(report, *loaded->plan));
        !written) {
      console.error(written.error());
      code = kFailed;
    }
  }
  // Code that never came back holds its threads, and the destructor would wait for it. All that was
  // to be written is written.
  if (report.waits_for_enrichers()) ::_exit(code);
  return code;
}

}  // namespace

void add_run_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* const command =
      app.add_subcommand("run", "Reads events, enriches them and writes them");
  add_config_arguments(*command, arguments->config, Files::any);
  command->add_flag("-q,--quiet", arguments->quiet,
                    "Only warnings and errors: no progress, no summary");
  command
      ->add_option("--stats", arguments->stats,
                   "Where to write what the run did, as JSON, when it ends (docs/metrics.md)")
      ->type_name("FILE");
  command->footer(kExamples);
  command->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) { return run(*arguments, console); };
  });
}

}  // namespace logbraid::cli
