#pragma once

#include <cstdint>
#include <memory>

#include "logbraid/async_context.h"

namespace logbraid {

// The descriptors of a client library that wants to be told what is ready (libcurl, c-ares), on a
// shard's loop. They stand in an epoll set of their own, and the loop's io_context watches that set
// as one descriptor: a turn costs three system calls, however many are ready, and a descriptor that
// stays costs none. (asio asks for each of them anew after each event.)
//
// Threads:  the loop's.
// Lifetime: descriptors are forgotten before they are closed. Handlers that the io_context still
//           holds do not touch it.
// Errors:   throws std::system_error when the system has no descriptor left for the set.
// Blocking: never.
class PollSet {
 public:
  // Who wants to know. `events`: EPOLLIN and so on, as epoll says it.
  class Owner {
   public:
    virtual void descriptor_ready(int descriptor, std::uint32_t events) noexcept = 0;
    // After the last descriptor of a turn.
    virtual void turn_ends() noexcept {}

   protected:
    ~Owner() = default;
  };

  PollSet(LoopIo& io, Owner& owner);
  ~PollSet();
  PollSet(const PollSet&) = delete;
  PollSet& operator=(const PollSet&) = delete;

  // False where the system refuses. Level-triggered: what is not dealt with comes again.
  bool add(int descriptor, std::uint32_t events) noexcept;
  bool change(int descriptor, std::uint32_t events) noexcept;
  void remove(int descriptor) noexcept;

 private:
  struct State;
  static void wait(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace logbraid
