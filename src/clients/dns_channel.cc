#include "clients/dns_channel.h"

#include <ares.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/epoll.h>

#include <algorithm>
#include <iterator>
#include <mutex>

namespace logbraid {
namespace {

constexpr int kInternet = 1;

// A channel, or the reason why there is none.
ares_channel open(const DnsServers& servers, ares_sock_state_cb on_state, void* data,
                  std::string& error) {
  // Once a process, before the first channel, and not from two threads.
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
  ares_options options{};
  options.timeout = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(servers.try_timeout).count());
  options.tries = static_cast<int>(servers.tries);
  options.udp_port = options.tcp_port = servers.port;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = data;
  // With one server, what it refuses is the answer; with several c-ares asks the next one, and says
  // of the last that the connection was refused.
  if (servers.addresses.size() == 1) options.flags = ARES_FLAG_NOCHECKRESP;
  int mask =
      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
  if (on_state != nullptr) mask |= ARES_OPT_SOCK_STATE_CB;
  ares_channel channel = nullptr;
  int status = ares_init_options(&channel, &options, mask);
  if (status == ARES_SUCCESS && !servers.addresses.empty()) {
    const std::string list = fmt::format("{}", fmt::join(servers.addresses, ","));
    status = ares_set_servers_ports_csv(channel, list.c_str());
    if (status != ARES_SUCCESS) ares_destroy(channel);
  }
  if (status == ARES_SUCCESS) return channel;
  error = ares_strerror(status);
  return nullptr;
}

struct Failure {
  RequestError error;
  std::string_view why;
};

Failure failure_of(int status) {
  switch (status) {
    case ARES_ETIMEOUT:
      return {RequestError::timeout, "no answer"};
    case ARES_ECONNREFUSED:
      return {RequestError::transport, "no server is there, or each refuses or fails"};
    case ARES_ESERVFAIL:
      return {RequestError::refused, "SERVFAIL: the server failed"};
    case ARES_EREFUSED:
      return {RequestError::refused, "REFUSED: the server does not answer us"};
    case ARES_ENOTIMP:
      return {RequestError::refused, "NOTIMP: the server does not answer such questions"};
    case ARES_EFORMERR:
    case ARES_EBADRESP:
      return {RequestError::malformed, "an answer that cannot be read"};
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
      return {RequestError::bad_request, "this is no name"};
    default:
      return {RequestError::transport, ares_strerror(status)};
  }
}

}  // namespace

std::string DnsServers::name() const {
  if (addresses.empty()) return "of /etc/resolv.conf";
  return fmt::format("{}{}", fmt::join(addresses, ","),
                     port == 53 ? "" : fmt::format(" port {}", port));
}

Result<void> DnsServers::check() const {
  std::string error;
  const ares_channel channel = open(*this, nullptr, nullptr, error);
  if (channel == nullptr) return Error(error);
  ares_destroy(channel);
  return {};
}

DnsChannel::DnsChannel(const DnsServers& servers, LoopIo& io, Timers& timers)
    : name_(servers.name()), timers_(timers), poll_set_(io, *this), tick_(*this) {
  channel_ = open(servers, &on_socket_state, this, unusable_);
}

DnsChannel::~DnsChannel() {
  timers_.remove(tick_);
  for (Query& query : queries_) query.asker = nullptr;
  if (channel_ != nullptr) ares_destroy(channel_);  // ends the queries
}

void DnsChannel::ask(const std::string& name, DnsType type, Asker& asker,
                     Request& request) noexcept {
  if (channel_ == nullptr) return asker.dns_failed(request, RequestError::transport, unusable_);
  Query& query = queries_.emplace_back(Query{*this, type, &asker, &request, {}});
  query.self = std::prev(queries_.end());
  ares_query(channel_, name.c_str(), kInternet, static_cast<int>(type), &on_answer, &query);
  set_tick();
}

void DnsChannel::forget(const Request& request) noexcept {
  for (Query& query : queries_) {
    if (query.request == &request) query.asker = nullptr;
  }
}
void DnsChannel::forget(const Asker& asker) noexcept {
  for (Query& query : queries_) {
    if (query.asker == &asker) query.asker = nullptr;
  }
}

void DnsChannel::on_answer(void* data, int status, int, unsigned char* packet, int size) {
  const Query query = *static_cast<Query*>(data);
  query.channel.queries_.erase(query.self);
  if (query.asker == nullptr) return;
  // With a packet whatever it says is read from there.
  const bool has_packet = packet != nullptr && size > 0;
  const bool answered =
      status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA;
  if (has_packet && answered) {
    query.asker->dns_answered(
        *query.request, DnsAnswer::read({packet, static_cast<std::size_t>(size)}, query.type));
    return;
  }
  const Failure failure = failure_of(status);
  query.asker->dns_failed(*query.request, failure.error, failure.why);
}

void DnsChannel::on_socket_state(void* data, int socket, int readable, int writable) {
  PollSet& poll_set = static_cast<DnsChannel*>(data)->poll_set_;
  const std::uint32_t events = (readable != 0 ? EPOLLIN : 0u) | (writable != 0 ? EPOLLOUT : 0u);
  if (events == 0) {
    poll_set.remove(socket);
  } else if (!poll_set.change(socket, events)) {
    poll_set.add(socket, events);
  }
}

void DnsChannel::descriptor_ready(int descriptor, std::uint32_t events) noexcept {
  const bool readable = (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
  const bool writable = (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
  ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD,
                  writable ? descriptor : ARES_SOCKET_BAD);
}

void DnsChannel::set_tick() {
  timers_.remove(tick_);
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return;
  timers_.set_at(tick_, timers_.now() + std::chrono::seconds(wait.tv_sec) +
                            std::chrono::microseconds(wait.tv_usec));
}

void DnsChannel::on_tick(Timer& timer) noexcept {
  DnsChannel& channel = static_cast<Tick&>(timer).channel;
  ares_process_fd(channel.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  channel.set_tick();
}

}  // namespace logbraid
