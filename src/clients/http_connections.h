#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <vector>

#include "async/timers.h"
#include "clients/http_names.h"
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
  HttpConnections(const LookupSurroundings& surroundings, unsigned most, RefusesAddress refuses);
  ~HttpConnections();
  HttpConnections(const HttpConnections&) = delete;
  HttpConnections& operator=(const HttpConnections&) = delete;

  HttpNames& names() { return names_; }
  // The options of a handle that its connections need.
  void prepare(CURL* transfer);
  void start(CURL* transfer);
  // Nothing where it does not run. A connection in the midst of a reply is closed.
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

  void descriptor_ready(int descriptor, std::uint32_t events) noexcept override;
  void turn_ends() noexcept override;
  void look_for(int socket, std::uint32_t events);
  void drive_timeouts();
  void end_runs();

  Timers& timers_;
  PollSet poll_set_;
  HttpNames names_;
  CURLM* const multi_;
  std::vector<Socket> sockets_;  // by descriptor
  Tick kick_;                    // something is to be done at once
  Tick alarm_;                   // when libcurl wants to look at its time limits
};

}  // namespace logbraid
