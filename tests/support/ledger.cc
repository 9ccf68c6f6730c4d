#include "tests/support/ledger.h"

#include <utility>

namespace logbraid::test {
namespace {

constexpr std::size_t kMostComplaints = 10;

}  // namespace

void Ledger::watch(const ExecutionPlan& plan) {
  ancestors_.resize(plan.size());
  descendants_.resize(plan.size());
  for (std::uint32_t node = 0; node < plan.size(); ++node) {
    names_.push_back(plan[node].name);
    nodes_.emplace(plan[node].name, node);
    for (std::uint32_t before = 0; before < plan.size(); ++before) {
      if (!plan.is_ancestor(before, node)) continue;
      ancestors_[node].push_back(before);
      descendants_[before].push_back(node);
    }
  }
  cells_ = std::make_unique<Cell[]>(events_ * plan.size());
}

Ledger::Cell& Ledger::begin(const std::string& enricher, std::uint64_t event, bool hangs) {
  const std::uint32_t node = nodes_.at(enricher);
  Cell* const row = cells_.get() + event * names_.size();
  calls_.fetch_add(1);
  const auto about = [&](const char* what, std::uint32_t other) {
    return "event " + std::to_string(event) + ": " + enricher + " began " + what + names_[other];
  };
  if (closed_.load()) {
    late_calls_.fetch_add(1);
    complain("event " + std::to_string(event) + ": " + enricher + " began when all was over");
  }
  if (!ordered_) return row[node];
  if (row[node].running.load() != 0) complain(about("beside itself: ", node));
  for (const std::uint32_t other : ancestors_[node]) {
    if (row[other].running.load() != 0 && !row[other].hangs.load()) {
      complain(about("before the end of ", other));
    }
  }
  // Its limit may have passed on a thread that had taken it and not come so far.
  if (hangs) return row[node];
  for (const std::uint32_t other : descendants_[node]) {
    if (row[other].begun.load() != 0) complain(about("after ", other));
  }
  return row[node];
}

Ledger::Visit::Visit(Ledger& ledger, const std::string& enricher, std::uint64_t event, bool hangs)
    : cell_(ledger.begin(enricher, event, hangs)), attempt_(cell_.begun.fetch_add(1)) {
  cell_.hangs.store(hangs);
  cell_.running.fetch_add(1);
}

void Ledger::request(const std::string& enricher) {
  calls_.fetch_add(1);
  if (!closed_.load()) return;
  late_calls_.fetch_add(1);
  complain(enricher + " sent a request when all was over");
}

void Ledger::complain(std::string what) {
  const std::lock_guard lock(mutex_);
  if (complaints_.size() < kMostComplaints) complaints_.push_back(std::move(what));
}

std::string Ledger::complaints() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& each : complaints_) all += each + "\n";
  return all;
}

}  // namespace logbraid::test
