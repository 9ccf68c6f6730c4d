#include "clients/exec_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <iterator>
#include <utility>

#include "async/timers.h"
#include "core/units.h"

namespace logbraid {

ExecWorker::ExecWorker(const LookupSurroundings& surroundings,
                       std::shared_ptr<const ExecOptions> options, ExecReplies& replies,
                       std::uint64_t seed, ExecWorkerOwner& owner)
    : surroundings_(surroundings),
      options_(std::move(options)),
      replies_(replies),
      owner_(owner),
      jitter_(seed),
      pause_(*this, &ExecWorker::on_pause_over) {
  lines_.reserve(options_->lines);
}

ExecWorker::~ExecWorker() {
  surroundings_.timers.remove(pause_);
  if (process_) process_->end();
}

void ExecWorker::start() {
  started_ = answered_ = surroundings_.timers.now();
  has_answered_ = false;
  first_id_ = next_id_;
  Result<ExecSpawned> child = spawn(options_->program);
  if (!child) return not_started(child.error().message);
  auto& io = *static_cast<boost::asio::io_context*>(surroundings_.io.io_context);
  surroundings_.io.used = true;
  auto process = std::make_shared<ExecProcess>(
      io, *std::move(child), surroundings_.clock, options_->max_reply,
      ExecErrorLog(surroundings_.enricher, options_->log), static_cast<ExecProcessOwner&>(*this));
  if (!process->begin()) return not_started("the loop has no room for its descriptors");
  process_ = std::move(process);
  surroundings_.recorder.connections_opened.add(1);
}

void ExecWorker::not_started(std::string_view why) {
  last_end_ = fmt::format("{} cannot be started: {}", options_->name, why);
  surroundings_.recorder.connections_failed.add(1);
  start_again();
}

void ExecWorker::start_again() {
  if (surroundings_.timers.now() - started_ >= kGoodLife) short_lives_ = 0;
  const std::uint32_t before = short_lives_++;
  if (before == 0) return start();
  const Duration pause = kFirstPause * (1 << std::min<std::uint32_t>(before - 1, 7));
  surroundings_.timers.set_at(
      pause_,
      surroundings_.timers.now() + jitter_.spread(std::min(pause, kLongestPause), Jitter::equal));
}

void ExecWorker::on_pause_over(Timer& timer) noexcept {
  ExecWorker& worker = static_cast<Pause&>(timer).worker;
  worker.start();
  worker.owner_.worker_changed();
}

void ExecWorker::send(ExecAsked& asked, std::size_t row) {
  const std::uint64_t id = next_id_++;
  lines_.emplace(id, Line{&asked, row});
  ++asked.out;
  std::string& line = process_->line_to_write();
  fmt::format_to(std::back_inserter(line), "{{\"id\":{},\"event\":", id);
  line += asked.request->key(row);
  line += "}\n";
}

void ExecWorker::said(std::string_view lines) noexcept {
  replies_.read(lines, [this](const ExecReply& reply) { return take(reply); });
  owner_.worker_changed();
}

// False: the child that says so is not there any more.
bool ExecWorker::take(const ExecReply& reply) {
  if (reply.what == ExecReply::What::unreadable) {
    break_off(RequestError::malformed, reply.text);
    return false;
  }
  if (reply.id < first_id_ || reply.id >= next_id_) {
    break_off(RequestError::malformed,
              fmt::format("gave an answer to id {}, which it was not asked", reply.id));
    return false;
  }
  answered_ = surroundings_.clock.now();
  has_answered_ = true;
  const ExecProcess* const life = process_.get();
  const auto found = lines_.find(reply.id);
  if (found == lines_.end()) return true;  // it was answered before
  const Line line = found->second;
  lines_.erase(found);
  if (line.asked->request == nullptr) {
    --unwanted_;
  } else {
    answer(*line.asked->request, line.row, reply);
    if (reply.blames_event && line.asked->error == RequestError::none) {
      line.asked->error = RequestError::bad_request;
    }
  }
  owner_.row_closed(*line.asked);
  return process_.get() == life;
}

void ExecWorker::answer(Request& request, std::size_t row, const ExecReply& reply) {
  switch (reply.what) {
    case ExecReply::What::set:
      if (!reply.remove.empty() && !options_->answer.is_event()) {
        request.failed(row, "the answer has \"remove\", which needs `top_level: true`");
        break;
      }
      request.found(row);
      // First, so that a field that is removed and set has nothing of what it was.
      if (!reply.remove.empty()) request.value(0, Value::array(reply.remove));
      if (!reply.text.empty()) options_->answer.read(reply.text, request, replies_.arena());
      break;
    case ExecReply::What::no_match:
      request.not_found(row);
      break;
    case ExecReply::What::error:
    case ExecReply::What::unreadable:
      request.failed(row, reply.text);
      break;
  }
}

void ExecWorker::break_off(RequestError error, std::string_view how) {
  if (process_) process_->end();
  over(error, how);
}

void ExecWorker::over(RequestError error, std::string_view how) noexcept {
  process_ = nullptr;
  last_end_ = fmt::format("{} {}", options_->name, how);
  if (!has_answered_) surroundings_.recorder.connections_failed.add(1);
  const auto lines = std::exchange(lines_, {});
  unwanted_ = 0;
  const std::string why = last_end_;
  start_again();
  for (const auto& [id, line] : lines) {
    if (line.asked->request != nullptr) {
      line.asked->error = error;
      line.asked->why = why;
    }
    owner_.row_closed(*line.asked);
  }
  owner_.worker_changed();
}

void ExecWorker::end_if_deaf(const ExecAsked& asked) {
  if (answered_ > asked.cancelled) return;
  const bool has_it = std::any_of(lines_.begin(), lines_.end(), [&asked](const auto& entry) {
    return entry.second.asked == &asked;
  });
  if (!has_it) return;
  break_off(RequestError::timeout, fmt::format("has answered nothing for {} and is started anew",
                                               spell_duration(surroundings_.timeout)));
}

void ExecWorker::nobody_waits_for(const ExecAsked& asked) {
  for (const auto& [id, line] : lines_) unwanted_ += line.asked == &asked ? 1 : 0;
  if (unwanted_ != options_->lines) return;
  break_off(RequestError::timeout, "has left all its lines without an answer");
}

std::string ExecWorker::why_not() const {
  if (!pause_.waiting()) return last_end_;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return fmt::format("{}; it is started again in {:.0f} ms", last_end_,
                     Milliseconds(pause_.due - surroundings_.timers.now()).count());
}

}  // namespace logbraid
