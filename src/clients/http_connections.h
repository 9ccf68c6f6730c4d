#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "async/timers.h"
#include "clients/http_names.h"
#include "clients/http_refusals.h"
#include "clients/http_spare.h"
#include "clients/poll_set.h"
#include "lookup/lookup_enricher.h"

namespace logbraid {

// What runs on HttpConnections: an easy handle whose CURLOPT_PRIVATE is this.
class HttpRun {
 public:
  // It is out of the set again.
  virtual void run_ended(CURLcode code) noexcept = 0;

 protected:
  ~HttpRun() = default;
};

// Connections to one endpoint and whatever it redirects to: a multi handle of libcurl on a shard's
// loop, shared by the enrichers that ask the same endpoint in the same way.
//
// When nobody has asked for as long as `idle_timeout` all are closed, with the handle: libcurl
// itself looks for connections that are too old only when it wants one.
//
// Three habits make it fast (http_client.md): all transfers that were added in a turn of the loop
// are driven together in the next; a descriptor stays in the set until libcurl closes it; timers
// are moved only when they would ring too late.
//
// Threads:  the shard's.
// Lifetime: transfers are stopped before it goes.
// Blocking: never.
class HttpConnections final : private PollSet::Owner {
 public:
  // `most`: connections, of this shard.
  HttpConnections(const LookupSurroundings& surroundings, unsigned most, Duration idle_timeout,
                  RefusesAddress refuses);
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  HttpNames& names() { return names_; }
  HttpSpare& spare() { return spare_; }
  HttpRefusals& refusals() { return refusals_; }
  // True once, and only before the first request: something may be made ahead.
  bool may_warm_up() { return !used_ && !std::exchange(warmed_up_, true); }
  // The options of a handle that its connections need.
  void prepare(CURL* transfer);
  void start(CURL* transfer);
  // One that was started and has not ended. A connection in the midst of a reply is closed.
  void stop(CURL* transfer);

 private:
  struct Socket {
    std::uint32_t events = 0;  // what the set looks for
    std::uint32_t wanted = 0;  // what libcurl waits for
    bool in_set = false;
  };
  struct Tick : Timer {
    Tick(HttpConnections& owner, Fire on_due) : Timer(on_due), connections(owner) {}
    HttpConnections& connections;
  };

  static int on_socket(CURL* transfer, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  static int on_close(void* self, curl_socket_t socket);
  static void on_due(Timer& timer) noexcept;
  static void on_idle(Timer& timer) noexcept;

  void descriptor_ready(int descriptor, std::uint32_t events) noexcept override;
  void turn_ends() noexcept override;
  void look_for(int socket, std::uint32_t events);
  void drive_timeouts();
  void end_runs();
  void run_is_over(CURL* transfer);
  void open_multi();
  void close_multi();

  Timers& timers_;
  PollSet poll_set_;
  HttpNames names_;
  HttpSpare spare_;
  HttpRefusals refusals_;
  const long most_;
  const Duration idle_timeout_;
  CURLM* multi_ = nullptr;
  bool used_ = false;  // since multi_ was made
  bool warmed_up_ = false;
  std::uint32_t running_ = 0;    // transfers
  TimePoint last_run_{};         // when one ended
  std::vector<Socket> sockets_;  // by descriptor
  Tick kick_;                    // something is to be done at once
  Tick alarm_;                   // when libcurl wants to look at its time limits
  Tick idle_;                    // looks whether anybody has asked
};

}  // namespace logbraid
