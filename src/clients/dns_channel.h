#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/timers.h"
#include "clients/dns_answer.h"
#include "clients/poll_set.h"
#include "logbraid/result.h"
#include "logbraid/timer.h"
#include "lookup/request.h"

struct ares_channeldata;

namespace logbraid {

struct DnsServers {
  // "192.0.2.53", "[2001:db8::53]:5353"; empty: those of /etc/resolv.conf.
  std::vector<std::string> addresses;
  std::uint16_t port = 53;  // of those that name none
  // How long a server has for one try, and how often each is tried; every round takes twice as long
  // as the last.
  Duration try_timeout = std::chrono::milliseconds(300);
  std::uint32_t tries = 2;

  // As messages say it.
  std::string name() const;
  // Whether c-ares takes them.
  Result<void> check() const;
};

// Questions to name servers from one shard, by c-ares without a thread. Over UDP, and again over
// TCP where an answer does not fit.
//
// Threads:  the shard's.
// Lifetime: who asks must have its answer, or say forget(), before it goes.
// Errors:   told to who asked.
// Blocking: never, but for reading /etc/resolv.conf when it is made.
class DnsChannel final : private PollSet::Owner {
 public:
  class Asker {
   public:
    // Once for each question, from within ask() or later.
    virtual void dns_answered(Request& request, const DnsAnswer& answer) noexcept = 0;
    virtual void dns_failed(Request& request, RequestError error,
                            std::string_view why) noexcept = 0;

   protected:
    ~Asker() = default;
  };

  DnsChannel(const DnsServers& servers, LoopIo& io, Timers& timers);
  ~DnsChannel();
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;

  const std::string& name() const { return name_; }

  void ask(const std::string& name, DnsType type, Asker& asker, Request& request) noexcept;
  // Nobody wants to know the answer any more. The question goes on: c-ares cannot call one off
  // without calling off all.
  void forget(const Request& request) noexcept;
  void forget(const Asker& asker) noexcept;

 private:
  struct Query {
    DnsChannel& channel;
    DnsType type;
    Asker* asker;  // null: forgotten
    Request* request;
    std::list<Query>::iterator self;
  };
  struct Tick : Timer {
    explicit Tick(DnsChannel& owner) : Timer(&DnsChannel::on_tick), channel(owner) {}
    DnsChannel& channel;
  };

  static void on_answer(void* data, int status, int, unsigned char* packet, int size);
  static void on_socket_state(void* data, int socket, int readable, int writable);
  static void on_tick(Timer& timer) noexcept;
  void descriptor_ready(int descriptor, std::uint32_t events) noexcept override;
  void turn_ends() noexcept override { set_tick(); }
  void set_tick();

  const std::string name_;
  Timers& timers_;
  PollSet poll_set_;
  Tick tick_;
  std::list<Query> queries_;
  ares_channeldata* channel_ = nullptr;
  std::string unusable_;  // why there is no channel
};

}  // namespace logbraid
