#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/build_pipeline.h"
#include "cli/command.h"
#include "cli/figures.h"
#include "cli/sample_file.h"
#include "cli/text_table.h"
#include "core/printable.h"
#include "engine/sample_run.h"

namespace logbraid::cli {
namespace {

constexpr std::size_t kLineShown = 400;  // characters of a line that differs

constexpr const char* kExamples = R"(Examples:
  logbraid bench pipeline.yaml --input access.log
  logbraid bench pipeline.yaml --input access.log --rounds 15
  logbraid bench pipeline.yaml --input access.log --set execution.in_flight=1 --set execution.shards=1

Runs the enrichers of FILE over the sample, sequential and parallel in turn, from memory to memory;
source and sink of FILE are not used, but its format is. Before the rounds that are measured, both
run once and their outputs are compared; a difference ends with 1. Sequential means that an event's
enrichers run one after the other; other events are under way meanwhile, up to execution.in_flight
of them. The last example takes one event at a time.)";

struct BenchArguments {
  ConfigArguments config;
  std::string input;
  unsigned rounds = 5;
};

struct Run {
  RunReport report;
  std::string output;
};

Result<Run> run_once(const LoadedPipeline& loaded, std::string_view sample, Mode mode) {
  PipelineParts parts = parts_without_ends(loaded);
  parts.options.mode = mode;
  parts.options.breakers = false;  // whom they leave out depends on the time
  parts.watch = WatchOptions::none();
  auto run = run_sample(std::move(parts), sample);
  if (!run) return run.error();
  return Run{std::move(run->report), std::move(run->output) + run->dead_letters};
}

std::string_view line_at(std::string_view text, std::size_t begin) {
  return text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
}

// Where two outputs differ first; empty where they do not.
std::string difference(const std::string& sequential, const std::string& parallel) {
  if (sequential == parallel) return "";
  const auto [at, other] =
      std::mismatch(sequential.begin(), sequential.end(), parallel.begin(), parallel.end());
  const auto offset = static_cast<std::size_t>(at - sequential.begin());
  const auto line_number = std::count(sequential.begin(), at, '\n') + 1;
  const std::size_t before = offset == 0 ? std::string::npos : sequential.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return fmt::format("the outputs differ, first in line {}:\n  sequential: {}\n  parallel:   {}",
                     line_number, printable(line_at(sequential, begin), kLineShown),
                     printable(line_at(parallel, begin), kLineShown));
}

// A call that timed out or failed in one run and not in the other makes outputs that differ: not
// the engine's doing, but to be known.
std::string outcome_differences(const ExecutionPlan& plan, const RunReport& sequential,
                                const RunReport& parallel) {
  std::string text;
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    const auto& one = sequential.metrics.enrichers[node].outcomes;
    const auto& two = parallel.metrics.enrichers[node].outcomes;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      if (one[i] == two[i]) continue;
      text +=
          fmt::format("\n  {}: {} {} times in sequence, {} times in parallel", plan[node].name,
                      to_string(static_cast<Outcome>(i)), count_text(one[i]), count_text(two[i]));
    }
  }
  return text;
}

template <class T>
T median(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Times {
  std::vector<Duration> sequential;
  std::vector<Duration> parallel;
};

std::string results_text(const Times& times, std::uint64_t events) {
  TextTable table({{"", TextTable::Align::left}, {"median"}, {"least"}, {"most"}, {"events/s"}});
  const auto add = [&](const char* name, const std::vector<Duration>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    table.add_row({name, duration_text(median(values)), duration_text(*least), duration_text(*most),
                   rate_text(events, median(values))});
  };
  add("sequential", times.sequential);
  add("parallel", times.parallel);

  std::vector<double> ratios;
  for (std::size_t i = 0; i < times.sequential.size(); ++i) {
    ratios.push_back(static_cast<double>(times.sequential[i].count()) /
                     static_cast<double>(times.parallel[i].count()));
  }
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  return table.to_string() +
         fmt::format(
             "\nSequential takes {:.2f} times as long as parallel ({:.2f} to {:.2f} over "
             "the rounds).\n",
             median(ratios), *least, *most);
}

// The two runs that are compared; false where they are not equal.
bool compare(const LoadedPipeline& loaded, const Run& sequential, const Run& parallel,
             Console& console) {
  const std::string problem = difference(sequential.output, parallel.output);
  if (problem.empty()) return true;
  console.error(problem + outcome_differences(*loaded.plan, sequential.report, parallel.report));
  return false;
}

ExitCode measure(const LoadedPipeline& loaded, const std::string& sample,
                 const BenchArguments& arguments, Console& console) {
  Times times;
  std::uint64_t events = 0;
  std::size_t bytes = 0;
  for (unsigned round = 0; round <= arguments.rounds; ++round) {
    console.status(fmt::format("round {} of {}", round, arguments.rounds));
    // In turn, and each first in every other round: neither has the warmer machine.
    std::optional<Run> sequential;
    std::optional<Run> parallel;
    for (const bool is_sequential : {round % 2 == 0, round % 2 != 0}) {
      auto run = run_once(loaded, sample, is_sequential ? Mode::sequential : Mode::parallel);
      if (!run) {
        console.clear_status();
        console.error(run.error());
        return kFailed;
      }
      (is_sequential ? sequential : parallel) = std::move(*run);
    }
    if (!compare(loaded, *sequential, *parallel, console)) {
      console.clear_status();
      return kFailed;
    }
    events = parallel->report.counts.read;
    bytes = parallel->output.size();
    if (round == 0) continue;  // the caches were cold
    times.sequential.push_back(sequential->report.elapsed);
    times.parallel.push_back(parallel->report.elapsed);
  }
  console.clear_status();
  const std::string text = fmt::format(
      "{} events of {}, {} enrichers in {} groups, {} rounds\n\n{}Outputs are equal, byte for byte "
      "({}).\n",
      count_text(events), arguments.input, loaded.plan->size(), loaded.plan->groups().size(),
      arguments.rounds, results_text(times, events), bytes_text(bytes));
  return write_result(text, console) ? kDone : kFailed;
}

ExitCode bench(const BenchArguments& arguments, Console& console) {
  const auto given = load_with_sample(arguments.config, arguments.input, console);
  if (!given) return kUsage;
  return measure(given->loaded, given->sample, arguments, console);
}

}  // namespace

void add_bench_command(CLI::App& app, Action& chosen) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* const command =
      app.add_subcommand("bench", "Measures parallel against sequential on a sample");
  add_config_arguments(*command, arguments->config, Files::one);
  command->add_option("--input", arguments->input, "Lines to run over, in the format of FILE")
      ->type_name("SAMPLE")
      ->required();
  command->add_option("--rounds", arguments->rounds, "How often each is measured")
      ->type_name("N")
      ->check(CLI::Range(1u, 10000u).description(""))
      ->capture_default_str();
  command->footer(kExamples);
  command->callback([arguments, &chosen] {
    chosen = [arguments](Console& console) { return bench(*arguments, console); };
  });
}

}  // namespace logbraid::cli
