#include "clients/http_connections.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <new>

namespace logbraid {
namespace {

CURLM* make_multi() {
  // Of the process, as libcurl wants it, and before the first handle.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) throw std::bad_alloc();
  return multi;
}

std::uint32_t as_epoll(int what) {
  std::uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  return events;
}

}  // namespace

HttpConnections::HttpConnections(const LookupSurroundings& surroundings, unsigned most,
                                 Duration idle_timeout, RefusesAddress refuses)
    : timers_(surroundings.timers),
      poll_set_(surroundings.io, *this),
      names_(shared_host_resolver(surroundings), surroundings.timers, refuses),
      spare_(*static_cast<boost::asio::io_context*>(surroundings.io.io_context), timers_, names_),
      // Shards and processes that were refused together do not come back in step.
      refusals_(timers_, std::hash<const void*>()(this) ^
                             static_cast<std::uint64_t>(timers_.now().time_since_epoch().count())),
      most_(static_cast<long>(most)),
      idle_timeout_(idle_timeout),
      kick_(*this, &HttpConnections::on_due),
      alarm_(*this, &HttpConnections::on_due),
      idle_(*this, &HttpConnections::on_idle) {
  open_multi();
}

void HttpConnections::open_multi() {
  multi_ = make_multi();
  used_ = false;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &HttpConnections::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &HttpConnections::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, most_);
  // Left alone libcurl keeps four for each transfer that runs at the moment, and closes the others.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, most_);
}

void HttpConnections::close_multi() {
  curl_multi_cleanup(multi_);
  timers_.remove(kick_);  // closing may have set them
  timers_.remove(alarm_);
  names_.unlearn();
}

HttpConnections::~HttpConnections() {
  timers_.remove(idle_);
  close_multi();
}

void HttpConnections::prepare(CURL* transfer) {
  curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETFUNCTION, &HttpConnections::on_close);
  curl_easy_setopt(transfer, CURLOPT_CLOSESOCKETDATA, this);
}

void HttpConnections::start(CURL* transfer) {
  used_ = true;
  ++running_;
  if (!idle_.waiting()) timers_.set(idle_, idle_timeout_);
  curl_multi_add_handle(multi_, transfer);
}

void HttpConnections::stop(CURL* transfer) { run_is_over(transfer); }

void HttpConnections::run_is_over(CURL* transfer) {
  --running_;
  last_run_ = timers_.now();
  curl_multi_remove_handle(multi_, transfer);
}

void HttpConnections::on_idle(Timer& timer) noexcept {
  HttpConnections& self = static_cast<Tick&>(timer).connections;
  const TimePoint due = self.last_run_ + self.idle_timeout_;
  if (self.running_ != 0) {
    self.timers_.set(self.idle_, self.idle_timeout_);
  } else if (due > self.timers_.now()) {
    self.timers_.set_at(self.idle_, due);
  } else {
    self.close_multi();
    self.open_multi();
  }
}

int HttpConnections::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& connections = *static_cast<HttpConnections*>(self);
  const auto index = static_cast<std::size_t>(socket);
  if (index >= connections.sockets_.size()) connections.sockets_.resize(index + 1);
  Socket& known = connections.sockets_[index];
  known.wanted = what == CURL_POLL_REMOVE ? 0 : as_epoll(what);
  // The end of a transfer leaves it in the set for the next. A wish to write is taken back at once:
  // a connection can nearly always be written to.
  if (known.wanted != 0 && known.wanted != known.events) {
    connections.look_for(socket, known.wanted);
  } else if (known.wanted == 0 && (known.events & EPOLLOUT) != 0) {
    connections.look_for(socket, EPOLLIN);
  }
  return 0;
}

void HttpConnections::look_for(int socket, std::uint32_t events) {
  Socket& known = sockets_[static_cast<std::size_t>(socket)];
  const bool in_set =
      known.in_set ? poll_set_.change(socket, events) : poll_set_.add(socket, events);
  known.in_set = in_set;
  known.events = in_set ? events : 0;
}

int HttpConnections::on_close(void* self, curl_socket_t socket) {
  auto& connections = *static_cast<HttpConnections*>(self);
  const auto index = static_cast<std::size_t>(socket);
  if (index < connections.sockets_.size()) {
    if (connections.sockets_[index].in_set) connections.poll_set_.remove(socket);
    connections.sockets_[index] = {};
  }
  return ::close(socket);
}

int HttpConnections::on_timer(CURLM*, long milliseconds, void* self) {
  auto& connections = *static_cast<HttpConnections*>(self);
  Timers& timers = connections.timers_;
  if (milliseconds == 0) {
    // Not from here: libcurl must not be called from its own callback.
    if (!connections.kick_.waiting()) timers.set(connections.kick_, Duration::zero());
    return 0;
  }
  Tick& alarm = connections.alarm_;
  if (milliseconds < 0) return 0;  // ringing for nothing costs less than taking it back
  const TimePoint due = timers.now() + std::chrono::milliseconds(milliseconds);
  if (alarm.waiting() && alarm.due <= due) return 0;
  timers.remove(alarm);
  timers.set_at(alarm, due);
  return 0;
}

void HttpConnections::on_due(Timer& timer) noexcept {
  static_cast<Tick&>(timer).connections.drive_timeouts();
}

void HttpConnections::drive_timeouts() {
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  end_runs();
}

void HttpConnections::descriptor_ready(int descriptor, std::uint32_t events) noexcept {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= sockets_.size() || !sockets_[index].in_set) return;  // closed in this very turn
  if (sockets_[index].wanted == 0) {
    // An idle connection that ended: libcurl finds out when it would use it. Out of the set, or it
    // would be ready for ever.
    poll_set_.remove(descriptor);
    sockets_[index] = {};
    return;
  }
  int what = 0;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0) what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0) what |= CURL_CSELECT_ERR;
  int running = 0;
  curl_multi_socket_action(multi_, descriptor, what, &running);
}

void HttpConnections::turn_ends() noexcept {
  end_runs();
  // What was added from there need not wait for the next turn.
  if (kick_.waiting()) {
    timers_.remove(kick_);
    drive_timeouts();
  }
}

void HttpConnections::end_runs() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const transfer = message->easy_handle;
    const CURLcode code = message->data.result;  // gone with the handle
    char* run = nullptr;
    curl_easy_getinfo(transfer, CURLINFO_PRIVATE, &run);
    run_is_over(transfer);
    reinterpret_cast<HttpRun*>(run)->run_ended(code);
  }
}

}  // namespace logbraid
