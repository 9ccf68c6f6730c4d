#include "clients/exec_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

namespace logbraid {
namespace {

constexpr std::size_t kChunk = 64 * 1024;  // what a pipe holds
constexpr int kChunksATurn = 4;            // others wait for the loop, too

using boost::asio::posix::descriptor_base;

// A write to a pipe that nobody reads is an error, not the end of the process. There is no flag for
// that, and what the process does with the signal is its owner's business.
ssize_t write_without_signal(int descriptor, std::string_view text) {
  sigset_t broken_pipe;
  sigset_t before;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  const int error = errno;
  if (written < 0 && error == EPIPE) {
    const timespec at_once{};
    ::sigtimedwait(&broken_pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

bool would_wait() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

ExecProcess::ExecProcess(boost::asio::io_context& io, ExecSpawned child, const Clock& clock,
                         std::size_t longest_line, ExecErrorLog errors, ExecProcessOwner& owner)
    : io_(io),
      remains_(child.pid, std::move(child.ended)),
      input_file_(std::move(child.input)),
      output_file_(std::move(child.output)),
      errors_file_(std::move(child.errors)),
      input_(io),
      output_(io),
      errors_(io),
      ended_(io),
      exit_timer_(io),
      clock_(clock),
      longest_line_(longest_line),
      error_log_(std::move(errors)),
      owner_(&owner) {}

ExecProcess::~ExecProcess() {
  for (Descriptor* const each : {&input_, &output_, &errors_, &ended_}) {
    if (each->is_open()) each->release();
  }
  input_file_.close();  // before what is left is told to end
}

bool ExecProcess::begin() {
  const auto assign = [](Descriptor& descriptor, int file) {
    Error refused;
    if (file >= 0) descriptor.assign(file, refused);
    return !refused;
  };
  if (!assign(input_, input_file_.get()) || !assign(output_, output_file_.get()) ||
      !assign(errors_, errors_file_.get()) || !assign(ended_, remains_.descriptor())) {
    owner_ = nullptr;
    return false;
  }
  wait_for_output();
  if (errors_.is_open()) wait_for_errors();
  wait_for_end();
  return true;
}

void ExecProcess::wait_for_output() {
  output_.async_wait(descriptor_base::wait_read, [self = shared_from_this()](Error error) {
    if (error || self->owner_ == nullptr) return;
    const Read read = self->read_output();
    if (self->owner_ == nullptr) return;
    if (read == Read::end) return self->pipe_closed("closed its output");
    self->wait_for_output();
  });
}

void ExecProcess::wait_for_errors() {
  errors_.async_wait(descriptor_base::wait_read, [self = shared_from_this()](Error error) {
    if (error || self->owner_ == nullptr) return;
    if (self->read_errors() != Read::end) self->wait_for_errors();
  });
}

void ExecProcess::wait_for_end() {
  ended_.async_wait(descriptor_base::wait_read, [self = shared_from_this()](Error error) {
    if (!error && self->owner_ != nullptr) self->has_ended();
  });
}

std::string& ExecProcess::line_to_write() {
  if (!flushing_) {
    flushing_ = true;
    boost::asio::post(io_, [self = shared_from_this()] { self->flush(); });
  }
  return out_;
}

void ExecProcess::flush() {
  if (owner_ == nullptr) return;
  while (sent_ < out_.size()) {
    const ssize_t written =
        write_without_signal(input_file_.get(), std::string_view(out_).substr(sent_));
    if (written >= 0) {
      sent_ += static_cast<std::size_t>(written);
    } else if (would_wait()) {
      if (sent_ > out_.size() / 2) {
        out_.erase(0, sent_);
        sent_ = 0;
      }
      input_.async_wait(descriptor_base::wait_write, [self = shared_from_this()](Error error) {
        if (!error) self->flush();
      });
      return;
    } else if (errno != EINTR) {
      return pipe_closed("closed its input");  // and flushing_ stays
    }
  }
  out_.clear();
  sent_ = 0;
  flushing_ = false;
}

// Reads what is there, up to some chunks, and hands over the lines.
ExecProcess::Read ExecProcess::read_output() {
  for (int chunk = 0; chunk < kChunksATurn; ++chunk) {
    if (in_.size() < in_size_ + kChunk) in_.resize(in_size_ + kChunk);
    ssize_t got;
    do {
      got = ::read(output_file_.get(), in_.data() + in_size_, kChunk);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return would_wait() ? Read::all : Read::end;
    if (got == 0) return Read::end;
    if (!hand_over(static_cast<std::size_t>(got))) return Read::all;
    if (static_cast<std::size_t>(got) < kChunk) return Read::all;
  }
  return Read::more;
}

// The lines among what was read, the last `got` bytes of it now. False: there is no owner any more.
bool ExecProcess::hand_over(std::size_t got) {
  const std::size_t before = in_size_;
  in_size_ += got;
  const std::string_view read(in_.data(), in_size_);
  const std::size_t end = read.rfind('\n') + 1;  // 0: nowhere
  if (end > before) {
    owner_->said(read.substr(0, end));
    if (owner_ == nullptr) return false;
    in_size_ -= end;
    std::memmove(in_.data(), in_.data() + end, in_size_);
  }
  if (in_size_ <= longest_line_) return true;
  be_over(RequestError::oversize, fmt::format("gave an answer of over {} bytes", longest_line_));
  return false;
}

ExecProcess::Read ExecProcess::read_errors() {
  char buffer[4096];
  for (int chunk = 0; chunk < kChunksATurn; ++chunk) {
    const ssize_t got = ::read(errors_file_.get(), buffer, sizeof buffer);
    if (got > 0) {
      error_log_.read({buffer, static_cast<std::size_t>(got)}, clock_.now());
    } else if (got == 0) {
      return Read::end;
    } else if (errno != EINTR) {
      return would_wait() ? Read::all : Read::end;
    }
  }
  return Read::more;
}

// What it said before its end counts; what others say that have its pipes does not.
void ExecProcess::has_ended() {
  read_output();  // more than a pipe holds
  if (owner_ == nullptr) return;
  if (errors_.is_open()) read_errors();
  remains_.take_away();
  be_over(RequestError::transport, remains_.how());
}

// Of a child that exits the pipes are closed a moment before it has ended, and why it did is worth
// that moment.
void ExecProcess::pipe_closed(const char* what) {
  if (std::exchange(closed_, true)) return;
  exit_timer_.expires_after(kExitTime);
  exit_timer_.async_wait([self = shared_from_this(), what](Error cancelled) {
    if (cancelled || self->owner_ == nullptr) return;
    self->be_over(RequestError::transport, std::string(what) + ", but runs on");
  });
}

void ExecProcess::be_over(RequestError error, std::string how) {
  error_log_.end(clock_.now());
  if (!error_log_.last_line().empty()) how += ": " + error_log_.last_line();
  ExecProcessOwner& owner = *owner_;
  end();
  owner.over(error, how);
}

void ExecProcess::end() {
  if (owner_ == nullptr) return;
  owner_ = nullptr;
  exit_timer_.cancel();
  for (Descriptor* const each : {&input_, &output_, &errors_, &ended_}) {
    if (each->is_open()) each->release();  // what waits is called off
  }
  input_file_.close();
  output_file_.close();
  errors_file_.close();
  see_off(io_, std::move(remains_), kGrace);
}

}  // namespace logbraid
