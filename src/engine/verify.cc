#include "engine/verify.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/json_text.h"
#include "engine/sample_run.h"
#include "format/json_reader.h"
#include "format/json_writer.h"
#include "lookup/lookup_recording.h"

namespace logbraid {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A line of output, found as an event again.
class ReadLine {
 public:
  explicit ReadLine(std::string_view line) {
    batch_.reserve(line.size());
    line.copy(batch_.buffer(), line.size());
    batch_.set_size(line.size());
    JsonReader().read(batch_);
  }
  bool good() const { return batch_.records().size() == 1 && !batch_.records()[0].malformed(); }
  const Event& event() const { return batch_.records()[0].event; }

  // The line without some fields.
  std::string without(std::span<const FieldPath> fields) {
    Patch patch(&batch_.arena());
    for (const FieldPath& field : fields) patch.remove(field.view());
    std::string text;
    JsonWriter().write(event(), {&patch, 1}, text);
    if (!text.empty()) text.pop_back();  // the line end
    return text;
  }
  // By key in order, each value as JSON.
  std::vector<std::pair<std::string, std::string>> members() {
    std::vector<std::pair<std::string, std::string>> result;
    for (const Field& field : event().fields()) {
      std::string value;
      append_json(value, decode(field, batch_.arena()));
      result.emplace_back(unescape_json(field.key_text(), batch_.arena()), std::move(value));
    }
    return result;
  }

 private:
  Batch batch_;
};

// Compares runs with the first.
class Comparison {
 public:
  Comparison(const ExecutionPlan& plan, const SampleRun& first, VerifyReport& report)
      : plan_(plan), first_(first), report_(report) {
    for (std::uint32_t node = 0; node < plan.size(); ++node) {
      const EnricherMetadata& metadata = plan[node].metadata;
      if (!metadata.is_volatile) continue;
      masked_.insert(masked_.end(), metadata.writes.begin(), metadata.writes.end());
      for (const auto& [path, events] : report.watched.enrichers[node].writes) {
        if (auto parsed = FieldPath::parse(path)) masked_.push_back(*std::move(parsed));
      }
    }
  }

  void add(const SampleRun& run, const std::string& name, bool in_sequence) {
    compare(first_.output, run.output, run, name, in_sequence);
    compare(first_.dead_letters, run.dead_letters, run, name + ", dead letters", in_sequence);
  }

 private:
  void compare(std::string_view first, std::string_view other, const SampleRun& run,
               const std::string& name, bool in_sequence) {
    if (first == other) return;
    const auto ours = lines_of(first), theirs = lines_of(other);
    for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
      const std::string_view mine = i < ours.size() ? ours[i] : "";
      const std::string_view its = i < theirs.size() ? theirs[i] : "";
      if (mine != its) compare_line(i + 1, mine, its, run, name, in_sequence);
    }
  }

  void compare_line(std::uint64_t number, std::string_view mine, std::string_view its,
                    const SampleRun& run, const std::string& name, bool in_sequence) {
    ReadLine first(mine), other(its);
    if (!first.good() || !other.good()) {
      add_difference({number, name, "", std::string(mine), std::string(its), {}});
      ++report_.lines_that_differ;
      return;
    }
    const std::string left = first.without(masked_), right = other.without(masked_);
    if (left == right) return;
    ++report_.lines_that_differ;
    if (report_.differences.size() == VerifyReport::kMaxDifferences) return;
    const auto ours = ReadLine(left).members(), theirs = ReadLine(right).members();
    bool is_told = false;
    const auto value_of = [](const auto& members, const std::string& key) {
      const auto found = std::find_if(members.rbegin(), members.rend(),
                                      [&](const auto& member) { return member.first == key; });
      return found == members.rend() ? std::string() : found->second;
    };
    const auto tell = [&](const std::string& key) {
      const std::string one = value_of(ours, key), two = value_of(theirs, key);
      if (one == two) return;
      is_told = true;
      add_difference({number, name, key, one, two, causes(key, run, in_sequence)});
    };
    for (const auto& member : ours) tell(member.first);
    for (const auto& member : theirs) {
      if (value_of(ours, member.first).empty()) tell(member.first);
    }
    // The order of the fields, or how a value is spelled.
    if (!is_told) add_difference({number, name, "", left, right, {}});
  }

  void add_difference(VerifyDifference difference) {
    if (report_.differences.size() < VerifyReport::kMaxDifferences) {
      report_.differences.push_back(std::move(difference));
    }
  }

  bool may_write(std::uint32_t node, const std::string& key) const {
    const FieldPath field = FieldPath::literal(key);
    for (const FieldPath& path : plan_[node].metadata.writes) {
      if (overlap(path, field)) return true;
    }
    for (const auto& [path, events] : report_.watched.enrichers[node].writes) {
      const auto parsed = FieldPath::parse(path);
      if (parsed && overlap(*parsed, field)) return true;
    }
    return false;
  }

  // Of each that writes the field: what became of its calls, what it lacks, else what it may be.
  std::vector<std::string> causes(const std::string& key, const SampleRun& run,
                                  bool in_sequence) const {
    std::vector<std::string> result;
    for (std::uint32_t node = 0; node < plan_.size(); ++node) {
      if (!may_write(node, key)) continue;
      const std::size_t before = result.size();
      const auto& one = first_.report.metrics.enrichers[node].outcomes;
      const auto& two = run.report.metrics.enrichers[node].outcomes;
      for (std::size_t i = 0; i < kOutcomes; ++i) {
        if (one[i] == two[i]) continue;
        result.push_back(plan_[node].name + ": " + std::string(to_string(static_cast<Outcome>(i))) +
                         " " + std::to_string(one[i]) + " times in the first run, " +
                         std::to_string(two[i]) + " in this one");
      }
      for (const HiddenDependency& hidden : report_.watched.hidden) {
        if (hidden.reader == node) result.push_back(describe(plan_, hidden));
      }
      if (result.size() != before) continue;
      result.push_back(
          plan_[node].name +
          (in_sequence ? " writes something else in each run" : " writes something else") +
          ": it depends on more than the event (a time, a state of its own); if that "
          "is meant, " +
          plan_[node].name + ": add \"volatile: true\"");
    }
    return result;
  }

  const ExecutionPlan& plan_;
  const SampleRun& first_;
  VerifyReport& report_;
  std::vector<FieldPath> masked_;
};

// The ends are moved in by run_sample(): what can be copied is.
PipelineParts copy_of(const PipelineParts& parts) {
  PipelineParts copy;
  copy.make_reader = parts.make_reader;
  copy.plan = parts.plan;
  copy.options = parts.options;
  copy.options.breakers = false;
  copy.on_malformed = parts.on_malformed;
  copy.local_hour = parts.local_hour;
  copy.watch = WatchOptions::none();
  return copy;
}

}  // namespace

Result<VerifyReport> verify(const PipelineParts& parts, std::string_view sample, unsigned rounds) {
  PipelineParts in_sequence = copy_of(parts);
  in_sequence.options.mode = Mode::sequential;
  in_sequence.options.shards = 1;
  in_sequence.watch = WatchOptions::all();
  // Services change, and are not what is compared: they answer as they did in the first run.
  const auto recording = std::make_shared<LookupRecording>();
  in_sequence.recording = recording;
  const auto first = run_sample(std::move(in_sequence), sample);
  if (!first) return first.error();

  recording->replay();
  VerifyReport report;
  report.events = first->report.counts.read;
  report.watched = first->report.watched;
  Comparison comparison(*parts.plan, *first, report);

  in_sequence = copy_of(parts);
  in_sequence.options.mode = Mode::sequential;
  in_sequence.recording = recording;
  const auto again = run_sample(std::move(in_sequence), sample);
  if (!again) return again.error();
  report.sequential_runs = 2;
  comparison.add(*again, "in sequence again", true);

  // Every combination has its turn: what ready calls meet and who is first.
  constexpr unsigned kShards[] = {1, 2, 8};
  for (unsigned round = 0; round < rounds; ++round) {
    PipelineParts parallel = copy_of(parts);
    parallel.options.mode = Mode::parallel;
    parallel.recording = recording;
    parallel.options.schedule = round % 2 == 0 ? Schedule::ready : Schedule::levels;
    parallel.options.shards = kShards[round % 3];
    const std::string name =
        std::string("in parallel, schedule ") + (round % 2 == 0 ? "ready" : "levels") + ", " +
        std::to_string(parallel.options.shards) + (round % 3 == 0 ? " shard" : " shards");
    const auto run = run_sample(std::move(parallel), sample);
    if (!run) return run.error();
    ++report.parallel_runs;
    comparison.add(*run, name, false);
  }
  return report;
}

}  // namespace logbraid
