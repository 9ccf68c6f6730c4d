#include "engine/dependency_watch.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "core/json_text.h"

namespace logbraid {
namespace {

// Calls that ran to their end; of others nobody knows whether they still read.
bool has_ended(Outcome outcome) {
  return outcome == Outcome::ok || outcome == Outcome::no_match || outcome == Outcome::error;
}

bool any_overlaps(const std::vector<FieldPath>& paths, PathView path) {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const FieldPath& other) { return overlap(other, path); });
}

bool declares_read(const EnricherMetadata& metadata, PathView path) {
  return any_overlaps(metadata.reads, path) ||
         (metadata.when && any_overlaps(metadata.when->reads(), path));
}

// As an item of a list in YAML.
std::string item_text(std::string_view text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
           (c >= '0' && c <= '9');
  });
  const bool is_word = is_plain && !text.empty() && (text[0] < '0' || text[0] > '9');
  if (is_word) return std::string(text);
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

void count(std::map<std::string, std::uint64_t>& paths, const std::string& path) {
  if (paths.size() < DependencyWatch::kMaxPaths || paths.contains(path)) ++paths[path];
}

}  // namespace

std::string fix_of(const ExecutionPlan& plan, const HiddenDependency& hidden) {
  const EnricherMetadata& reader = plan[hidden.reader].metadata;
  const EnricherMetadata& writer = plan[hidden.writer].metadata;
  std::string text = plan[hidden.reader].name + ": add \"dependencies: [" +
                     item_text(plan[hidden.writer].name) + "]\"";
  const auto path = FieldPath::parse(hidden.field);
  if (!path) return text;
  const bool reads = declares_read(reader, *path);
  const bool writes = any_overlaps(writer.writes, *path);
  if (writes && !reads) text += " or \"reads: [" + item_text(hidden.field) + "]\"";
  if (reads && !writes) {
    text +=
        ", or " + plan[hidden.writer].name + ": add \"writes: [" + item_text(hidden.field) + "]\"";
  }
  return text;
}

std::string describe(const ExecutionPlan& plan, const HiddenDependency& hidden) {
  return plan[hidden.reader].name + " looks up " + hidden.field + ", which " +
         plan[hidden.writer].name + " writes, but does not run after it and never sees it; " +
         fix_of(plan, hidden);
}

DependencyWatch::DependencyWatch(const ExecutionPlan& plan, WatchOptions options,
                                 std::function<void(const std::string&)> on_hidden)
    : plan_(plan), options_(options), on_hidden_(std::move(on_hidden)), observed_(plan.size()) {}

void DependencyWatch::begin(BatchRun& run) {
  if (options_.first == 0 && options_.share == 0) return;
  // Relaxed: only the number counts.
  const std::uint64_t before = seen_.fetch_add(run.events(), std::memory_order_relaxed);
  const std::uint64_t end = before + run.events();
  std::uint64_t at = before;
  for (; at < end && at < options_.first; ++at) {
    run.watch(static_cast<std::uint32_t>(at - before));
  }
  if (options_.share == 0) return;
  for (at = (at + options_.share - 1) / options_.share * options_.share; at < end;
       at += options_.share) {
    run.watch(static_cast<std::uint32_t>(at - before));
  }
}

void DependencyWatch::ended(const BatchRun& run) {
  if (!run.any_watched()) return;
  for (std::uint32_t event = 0; event < run.events(); ++event) {
    const Slot slot = run.slot(event);
    if (slot.watched != nullptr) look_at(*slot.watched, slot);
  }
}

void DependencyWatch::look_at(const WatchedEvent& watched, const Slot& slot) {
  struct Read {
    std::string_view key;  // the first of the path
    std::uint32_t reader;
    const FieldPath* path;
  };
  std::vector<Read> reads;
  const std::lock_guard lock(mutex_);
  ++watched_;
  for (std::uint32_t node = 0; node < plan_.size(); ++node) {
    if (!has_ended(slot.outcomes[node])) continue;
    for (const FieldPath& path : watched.reads(node)) {
      reads.push_back({path.view().front().key, node, &path});
      count(observed_[node].reads, path.to_string());
    }
  }
  const auto by_key = [](const Read& a, const Read& b) { return a.key < b.key; };
  std::stable_sort(reads.begin(), reads.end(), by_key);

  std::set<std::pair<std::uint32_t, const FieldPath*>> counted;  // once a writer and event
  std::size_t pairs = 0;
  for (std::uint32_t writer = 0; writer < plan_.size(); ++writer) {
    std::set<std::string> written;
    for (const PatchOp& op : slot.patches[writer].ops()) {
      const auto [path, is_new] = written.insert(op.path.to_string());
      if (is_new) count(observed_[writer].writes, *path);
      const Read wanted{op.path.front().key, 0, nullptr};
      const auto [first, last] = std::equal_range(reads.begin(), reads.end(), wanted, by_key);
      for (auto read = first; read != last && pairs < kMaxPairs; ++read, ++pairs) {
        if (read->reader == writer || !overlap(op.path, *read->path) ||
            plan_.is_ancestor(writer, read->reader) || plan_.is_ancestor(read->reader, writer)) {
          continue;
        }
        if (counted.emplace(writer, read->path).second) found(read->reader, writer, *read->path);
      }
    }
  }
}

void DependencyWatch::found(std::uint32_t reader, std::uint32_t writer, const FieldPath& field) {
  Key key{reader, writer, field.to_string()};
  const auto known = hidden_.find(key);
  if (known != hidden_.end()) {
    ++known->second;
    return;
  }
  if (hidden_.size() == kMaxHidden) return;
  if (on_hidden_ && said_ < kMaxSaid) {
    ++said_;
    on_hidden_(describe(plan_, {reader, writer, std::get<std::string>(key), 1}));
  }
  hidden_.emplace(std::move(key), 1);
}

WatchReport DependencyWatch::report() const {
  const std::lock_guard lock(mutex_);
  WatchReport report{watched_, {}, observed_};
  for (const auto& [key, events] : hidden_) {
    const auto& [reader, writer, field] = key;
    report.hidden.push_back({reader, writer, field, events});
  }
  return report;
}

}  // namespace logbraid
