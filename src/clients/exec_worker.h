#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "clients/exec_options.h"
#include "clients/exec_process.h"
#include "clients/exec_replies.h"
#include "logbraid/clock.h"
#include "logbraid/timer.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"
#include "resilience/jitter_source.h"

namespace logbraid {

// A request on its way through children; its rows may be with several of them.
//
// Invariant: while `request` is there it is not finished, and each of its rows waits (from next_row
//            on), is with a child (`out` of them), or is closed. Without it nobody waits any more,
//            but children may still have rows of it.
struct ExecAsked : Timer {
  explicit ExecAsked(Fire on_due) : Timer(on_due) {}

  Request* request = nullptr;
  std::uint64_t number = 0;  // tells it from others that were kept in the same memory
  std::size_t next_row = 0;
  std::size_t out = 0;
  TimePoint cancelled{};
  RequestError error = RequestError::none;
  std::string why;
};

// Who gives lines to workers.
class ExecWorkerOwner {
 public:
  // One of its rows is not with a child any more: answered, or failed, as `asked` says.
  virtual void row_closed(ExecAsked& asked) noexcept = 0;
  // After the rows: there is room, or a child again, or none any more.
  virtual void worker_changed() noexcept = 0;

 protected:
  ~ExecWorkerOwner() = default;
};

// One of the children that serve an enricher on a shard: its lives, and the lines it has. One that
// ends is started again: at once where it had lived well, else after a pause that doubles.
//
// Threads:  the shard's.
// Lifetime: the destructor tells the child to end, and nobody else anything.
// Blocking: never, but for the start of a process.
class ExecWorker final : private ExecProcessOwner {
 public:
  static constexpr Duration kFirstPause = std::chrono::milliseconds(100);
  static constexpr Duration kLongestPause = std::chrono::seconds(10);
  static constexpr Duration kGoodLife = std::chrono::seconds(10);

  ExecWorker(const LookupSurroundings& surroundings, std::shared_ptr<const ExecOptions> options,
             ExecReplies& replies, std::uint64_t seed, ExecWorkerOwner& owner);
  ~ExecWorker();
  ExecWorker(const ExecWorker&) = delete;
  ExecWorker& operator=(const ExecWorker&) = delete;

  void start();
  bool lives() const { return process_ != nullptr; }
  bool has_room() const { return lives() && lines_.size() < options_->lines; }
  std::size_t lines() const { return lines_.size(); }
  // Only where it has room.
  void send(ExecAsked& asked, std::size_t row);

  // Where it has lines of `asked` and has answered nothing since that was cancelled: it is ended,
  // and what it has fails.
  void end_if_deaf(const ExecAsked& asked);
  // `asked` has lost its request. A child whose lines are all of such is ended: it loses lines.
  void nobody_waits_for(const ExecAsked& asked);

  // Why it does not live: a sentence.
  std::string why_not() const;

 private:
  struct Line {
    ExecAsked* asked;
    std::size_t row;
  };
  struct Pause : Timer {
    Pause(ExecWorker& its_worker, Fire on_due) : Timer(on_due), worker(its_worker) {}
    ExecWorker& worker;
  };

  void said(std::string_view lines) noexcept override;
  void over(RequestError error, std::string_view how) noexcept override;
  bool take(const ExecReply& reply);
  void answer(Request& request, std::size_t row, const ExecReply& reply);
  void break_off(RequestError error, std::string_view how);
  void start_again();
  void not_started(std::string_view why);
  static void on_pause_over(Timer& timer) noexcept;

  const LookupSurroundings surroundings_;
  const std::shared_ptr<const ExecOptions> options_;
  ExecReplies& replies_;
  ExecWorkerOwner& owner_;
  JitterSource jitter_;
  Pause pause_;

  std::shared_ptr<ExecProcess> process_;
  std::uint64_t next_id_ = 1;
  std::uint64_t first_id_ = 1;  // of this life
  boost::unordered_flat_map<std::uint64_t, Line> lines_;
  std::size_t unwanted_ = 0;  // of them
  TimePoint started_{};
  TimePoint answered_{};  // last; at the start where it has not
  bool has_answered_ = false;
  std::uint32_t short_lives_ = 0;  // in a row
  std::string last_end_;
};

}  // namespace logbraid
