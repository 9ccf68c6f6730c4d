#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/timers.h"
#include "clients/host_resolver.h"
#include "clients/reconnect_pause.h"
#include "clients/redis_endpoint.h"
#include "clients/redis_reply_reader.h"
#include "clients/redis_wire.h"
#include "logbraid/async_context.h"
#include "logbraid/timer.h"
#include "lookup/request.h"

namespace logbraid {

// Who asks a Redis: writes the commands of its requests, and reads the replies to them.
class RedisAsker {
 public:
  // Appends them; gives how many replies will come, at least one.
  virtual std::uint32_t write(const Request& request, std::string& out) noexcept = 0;
  // Of each of the replies.
  virtual RedisReplyLimits limits(const Request& request) const noexcept = 0;
  // Reply `number`, from 0. Gives what is wrong with it, where it is no reply to that command.
  virtual std::string_view read(Request& request, std::uint32_t number,
                                const RedisReplyReader& reply) noexcept = 0;
  // All replies were read.
  virtual void finish(Request& request) noexcept = 0;

 protected:
  ~RedisAsker() = default;
};

struct RedisConnectionOptions {
  RedisEndpoint endpoint;
  std::shared_ptr<boost::asio::ssl::context> tls;  // of tls_options, where endpoint.tls
  RedisTlsOptions tls_options;
  std::string client_name;  // for CLIENT SETNAME; empty: none
  std::uint32_t pipeline = 16;
  Duration connect_timeout = std::chrono::seconds(1);
  Duration idle_timeout = std::chrono::minutes(5);  // without requests
};

// One connection: opens its wire, greets, keeps the order of requests and replies, and begins anew
// when it breaks.
//
//   closed -> opening -> ready -> pausing -> opening ...
//
// After a failure it pauses (ReconnectPause); a request that comes meanwhile ends the pause where
// the last attempt is 100 ms old. So a server that is back is noticed by the next request, and one
// that is gone is not asked at every one. Where nobody asks it is asked for a sign of life, and in
// the end closed, until somebody does.
//
// Invariants:
//   - calls_ holds, in order, what was written and not answered: the next reply is its front's
//   - only while ready there are calls; a call whose request has ended has no asker any more
//   - wire_ is there from opening to ready; an earlier one is closed and says nothing
//
// Threads:  the shard's.
// Lifetime: the loop holds no more of it than the wire; close() before its owner goes.
// Errors:   ends of requests.
// Blocking: never.
class RedisConnection final : public std::enable_shared_from_this<RedisConnection>,
                              private HostResolver::Waiter,
                              private RedisWire::Owner {
 public:
  class Owner {
   public:
    // Requests may be given to it, after it was opened or since some were answered.
    virtual void connection_has_room() noexcept = 0;
    virtual void connection_opened() noexcept = 0;
    // Before its requests end.
    virtual void connection_failed(RequestError error, std::string_view why) noexcept = 0;

   protected:
    ~Owner() = default;
  };

  // `resolver`: null where the endpoint has no name. `seed`: of the pauses.
  RedisConnection(Owner& owner, const RedisConnectionOptions& options, HostResolver* resolver,
                  LoopIo& io, Timers& timers, std::uint64_t seed);
  ~RedisConnection();

  bool opening() const { return state_ == State::opening; }
  bool ready() const { return state_ == State::ready; }
  bool has_room() const { return ready() && calls_.size() < options_.pipeline; }
  std::size_t pending() const { return calls_.size(); }

  // Where it is closed, or has paused long enough for a request.
  void open_if_due() noexcept;
  // Only where it has room.
  void ask(RedisAsker& asker, Request& request) noexcept;
  // The request ends within that time. False: it is not here.
  bool cancel(const Request& request, Duration within) noexcept;
  // Replies to this one are thrown away from now on.
  void forget(const RedisAsker& asker) noexcept;
  // For good; requests that it has do not end any more.
  void close() noexcept;

 private:
  enum class State : std::uint8_t { closed, opening, ready, pausing };
  enum class Greeting : std::uint8_t { auth, select, name };
  struct Call {
    RedisAsker* asker;  // null: nobody wants the replies
    Request* request;
    std::uint32_t left;  // replies still to come
    std::uint32_t number;
    RedisReplyLimits limits;
    TimePoint give_up;  // when it must be over; max(): nobody has said so
  };
  struct Tick : Timer {
    Tick(RedisConnection& which, Fire on_due) : Timer(on_due), connection(which) {}
    RedisConnection& connection;
  };

  void open() noexcept;
  void host_resolved(const HostResolver::Answer& answer) noexcept override;
  void connect(std::vector<RedisWire::Address> addresses);
  void wire_connected() noexcept override;
  void wire_read() noexcept override;
  void wire_failed(const std::string& why) noexcept override;
  void greet();
  void become_ready();
  void process();
  bool greeted();
  bool answered();
  void ping();
  void rest() noexcept;
  void look_after_idle();
  Duration idle_turn() const;
  void give_up_at(TimePoint when);
  void fail(RequestError error, std::string_view why) noexcept;
  std::string said(std::string_view what) const;

  static void on_tick(Timer& timer) noexcept;
  static void on_stalled(Timer& timer) noexcept;

  Owner* owner_;
  const RedisConnectionOptions& options_;
  HostResolver* const resolver_;
  LoopIo& io_;
  Timers& timers_;
  ReconnectPause pause_;
  State state_ = State::closed;
  std::shared_ptr<RedisWire> wire_;
  std::vector<Greeting> greeting_;  // still to be answered, last one first
  boost::circular_buffer<Call> calls_;
  Tick tick_;     // opening: its limit; pausing: the next attempt; ready: looks whether it is idle
  Tick stalled_;  // the first give_up
  TimePoint last_attempt_ = TimePoint::min();
  TimePoint last_asked_{};
  bool busy_ = false;  // something came since the last tick
};

}  // namespace logbraid
