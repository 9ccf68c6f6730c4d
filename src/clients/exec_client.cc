#include "clients/exec_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "async/timers.h"
#include "core/units.h"

namespace logbraid {

ExecClient::ExecClient(const LookupSurroundings& surroundings,
                       std::shared_ptr<const ExecOptions> options)
    : surroundings_(surroundings), name_(options->name) {
  const std::uint32_t count = options->processes_of(surroundings.shard, surroundings.shards);
  // Children of many shards that end together shall not be started together.
  const std::uint64_t seed =
      std::hash<std::string_view>()(surroundings.enricher) + surroundings.shard;
  for (std::uint32_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<ExecWorker>(surroundings_, options, replies_,
                                                    seed + 1000 * (i + 1),
                                                    static_cast<ExecWorkerOwner&>(*this)));
  }
}

ExecClient::~ExecClient() {
  for (const auto& asked : all_) surroundings_.timers.remove(*asked);
}

void ExecClient::warm_up() noexcept {
  if (std::exchange(started_, true)) return;
  for (const auto& worker : workers_) worker->start();
}

void ExecClient::send(Request& request) noexcept {
  warm_up();
  if (free_.empty()) {
    all_.push_back(std::make_unique<Asked>(*this));
    free_.push_back(all_.back().get());
  }
  ExecAsked& asked = *free_.back();
  free_.pop_back();
  asked.request = &request;
  asked.number = next_number_++;
  asked.next_row = 0;
  asked.error = RequestError::none;
  asked.why.clear();
  request.client_data = &asked;
  waiting_.push_back(&asked);
  dispatch();
}

// An answer may still come, as long again; then nobody waits any more.
void ExecClient::cancel(Request& request) noexcept {
  auto& asked = *static_cast<ExecAsked*>(request.client_data);
  if (asked.waiting()) return;
  asked.cancelled = surroundings_.clock.now();
  surroundings_.timers.set(asked, surroundings_.timeout);
}

void ExecClient::on_late(Timer& timer) noexcept {
  auto& asked = static_cast<Asked&>(timer);
  asked.client.too_late(asked);
}

void ExecClient::too_late(ExecAsked& asked) {
  const std::uint64_t number = asked.number;
  const auto is_over = [&asked, number] {
    return asked.number != number || asked.request == nullptr;
  };
  for (const auto& worker : workers_) {
    worker->end_if_deaf(asked);
    if (is_over()) return;
  }
  std::erase(waiting_, &asked);
  Request& request = *std::exchange(asked.request, nullptr);
  if (asked.out == 0) {
    free_.push_back(&asked);
  } else {
    for (const auto& worker : workers_) {
      // A worker that ends its child may give the memory of `asked` to another.
      if (asked.number == number) worker->nobody_waits_for(asked);
    }
  }
  request.finish(RequestError::timeout, fmt::format("{} gave no answer within {}", name_,
                                                    spell_duration(2 * surroundings_.timeout)));
}

ExecWorker* ExecClient::least_busy() {
  ExecWorker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->has_room() && (best == nullptr || worker->lines() < best->lines())) {
      best = worker.get();
    }
  }
  return best;
}

bool ExecClient::any_lives() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->lives(); });
}

void ExecClient::dispatch() {
  while (!waiting_.empty()) {
    ExecWorker* const worker = least_busy();
    if (worker == nullptr) break;
    ExecAsked& asked = *waiting_.front();
    const std::size_t row = asked.next_row++;
    if (asked.next_row == asked.request->size()) waiting_.pop_front();
    worker->send(asked, row);
  }
  if (!waiting_.empty() && !any_lives()) give_up_waiting();
}

void ExecClient::give_up_waiting() {
  const std::string why = workers_.front()->why_not();
  for (ExecAsked* const asked : std::exchange(waiting_, {})) {
    asked->next_row = asked->request->size();
    asked->error = RequestError::transport;
    asked->why = why;
    close_if_whole(*asked);
  }
}

void ExecClient::row_closed(ExecAsked& asked) noexcept {
  --asked.out;
  close_if_whole(asked);
}

void ExecClient::close_if_whole(ExecAsked& asked) {
  if (asked.out != 0) return;
  if (asked.request == nullptr) {
    free_.push_back(&asked);
  } else if (asked.next_row == asked.request->size()) {
    finish(asked);
  }
}

void ExecClient::finish(ExecAsked& asked) {
  surroundings_.timers.remove(asked);
  Request& request = *std::exchange(asked.request, nullptr);
  const RequestError error = asked.error;
  const std::string why = std::move(asked.why);
  free_.push_back(&asked);
  request.finish(error, why);
}

void ExecClient::worker_changed() noexcept { dispatch(); }

}  // namespace logbraid
