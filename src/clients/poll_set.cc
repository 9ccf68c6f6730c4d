#include "clients/poll_set.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <system_error>

namespace logbraid {
namespace {

// A turn of one client leaves the loop to others after so many.
constexpr int kMostInATurn = 64;

int make_epoll() {
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return made;
}

}  // namespace

// Held by the handler that waits, too.
struct PollSet::State {
  State(LoopIo& loop, Owner& who)
      : io(loop),
        epoll(*static_cast<boost::asio::io_context*>(loop.io_context), make_epoll()),
        owner(&who) {}

  LoopIo& io;
  boost::asio::posix::stream_descriptor epoll;
  Owner* owner;  // null: gone
};

PollSet::PollSet(LoopIo& io, Owner& owner) : state_(std::make_shared<State>(io, owner)) {
  io.used = true;
  wait(state_);
}

PollSet::~PollSet() {
  state_->owner = nullptr;
  boost::system::error_code ignored;  // it is closed in any case
  state_->epoll.close(ignored);
}

void PollSet::wait(const std::shared_ptr<State>& state) {
  state->epoll.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [state](const boost::system::error_code& error) {
                            if (error || state->owner == nullptr) return;
                            std::array<epoll_event, kMostInATurn> ready;
                            const int count = ::epoll_wait(state->epoll.native_handle(),
                                                           ready.data(), kMostInATurn, 0);
                            // The owner may go while it is told.
                            for (int i = 0; i < count && state->owner != nullptr; ++i) {
                              const epoll_event& event = ready[static_cast<std::size_t>(i)];
                              state->owner->descriptor_ready(event.data.fd, event.events);
                            }
                            if (state->owner != nullptr) state->owner->turn_ends();
                            if (state->owner != nullptr) wait(state);
                          });
}

bool PollSet::add(int descriptor, std::uint32_t events) noexcept {
  epoll_event event{.events = events, .data = {.fd = descriptor}};
  return ::epoll_ctl(state_->epoll.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool PollSet::change(int descriptor, std::uint32_t events) noexcept {
  epoll_event event{.events = events, .data = {.fd = descriptor}};
  return ::epoll_ctl(state_->epoll.native_handle(), EPOLL_CTL_MOD, descriptor, &event) == 0;
}

void PollSet::remove(int descriptor) noexcept {
  // Older kernels want an event here, too.
  epoll_event unused{};
  ::epoll_ctl(state_->epoll.native_handle(), EPOLL_CTL_DEL, descriptor, &unused);
}

}  // namespace logbraid
