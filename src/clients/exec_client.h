#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "clients/exec_options.h"
#include "clients/exec_replies.h"
#include "clients/exec_worker.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid {

// Asks child processes, a line a key (docs/enrichers/exec.md): each line goes to the child that has
// the fewest, and waits while all have as many as they may. Where none lives, and none is just
// being started, it fails at once.
//
// Keys are the JSON of what is sent as `event`.
//
// Threads, Lifetime, Errors, Blocking: those of a Client.
class ExecClient final : public Client, private ExecWorkerOwner {
 public:
  ExecClient(const LookupSurroundings& surroundings, std::shared_ptr<const ExecOptions> options);
  ~ExecClient() override;

  void send(Request& request) noexcept override;
  void cancel(Request& request) noexcept override;
  void warm_up() noexcept override;

 private:
  struct Asked : ExecAsked {
    explicit Asked(ExecClient& its_client) : ExecAsked(&ExecClient::on_late), client(its_client) {}
    ExecClient& client;
  };

  ExecWorker* least_busy();
  bool any_lives() const;
  void dispatch();
  void give_up_waiting();
  void close_if_whole(ExecAsked& asked);
  void finish(ExecAsked& asked);
  void too_late(ExecAsked& asked);
  void row_closed(ExecAsked& asked) noexcept override;
  void worker_changed() noexcept override;
  static void on_late(Timer& timer) noexcept;

  const LookupSurroundings surroundings_;
  const std::string name_;  // of the program
  ExecReplies replies_;
  std::uint64_t next_number_ = 1;
  std::vector<std::unique_ptr<Asked>> all_;
  std::vector<ExecAsked*> free_;
  std::deque<ExecAsked*> waiting_;  // for room
  bool started_ = false;
  std::vector<std::unique_ptr<ExecWorker>> workers_;  // first to go
};

}  // namespace logbraid
