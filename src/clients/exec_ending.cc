#include "clients/exec_ending.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "clients/exec_spawn.h"

namespace logbraid {
namespace {

std::string text_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  switch (const int code = WEXITSTATUS(status)) {
    case kExecNoDirectory:
      return "exited with 126, as where its working directory is not there";
    case kExecNotRun:
      return "exited with 127, as where the program cannot be run";
    default:
      return fmt::format("exited with {}", code);
  }
}

class SeeingOff : public std::enable_shared_from_this<SeeingOff> {
 public:
  SeeingOff(boost::asio::io_context& io, ExecRemains remains, std::chrono::milliseconds step)
      : remains_(std::move(remains)), ended_(io), timer_(io), step_(step) {}
  ~SeeingOff() {
    if (ended_.is_open()) ended_.release();
  }
  SeeingOff(const SeeingOff&) = delete;
  SeeingOff& operator=(const SeeingOff&) = delete;

  void begin() {
    boost::system::error_code refused;
    ended_.assign(remains_.descriptor(), refused);
    if (refused) return;  // and nobody keeps it: it is killed
    ended_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error) return;
                        self->timer_.cancel();
                        self->remains_.take_away();
                      });
    wait(SIGTERM);
  }

 private:
  void wait(int signal) {
    timer_.expires_after(step_);
    timer_.async_wait(
        [self = shared_from_this(), signal](const boost::system::error_code& cancelled) {
          if (cancelled) return;
          self->remains_.signal(signal);
          if (signal == SIGTERM) self->wait(SIGKILL);
        });
  }

  ExecRemains remains_;
  boost::asio::posix::stream_descriptor ended_;  // whose descriptor is that of the remains
  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds step_;
};

}  // namespace

ExecRemains::~ExecRemains() {
  if (pid_ < 0 || take_away()) return;
  signal(SIGTERM);
  pollfd waited = {.fd = ended_.get(), .events = POLLIN, .revents = 0};
  ::poll(&waited, 1, kTerminationTime);
  signal(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ExecRemains::signal(int number) const {
  if (pid_ > 0) ::kill(-pid_, number);
}

bool ExecRemains::take_away() {
  if (pid_ < 0) return true;
  pollfd waited = {.fd = ended_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waited, 1, 0) != 1) return false;
  signal(SIGKILL);  // as long as the child is not waited for, its group is nobody else's
  int status = 0;
  // Where somebody else waits for every child of the process, this one is gone already.
  how_ = ::waitpid(pid_, &status, WNOHANG) == pid_ ? text_of(status) : "ended";
  pid_ = -1;
  return true;
}

void see_off(boost::asio::io_context& io, ExecRemains remains, std::chrono::milliseconds grace) {
  if (remains.take_away()) return;
  std::make_shared<SeeingOff>(io, std::move(remains), grace / 2)->begin();
}

}  // namespace logbraid
