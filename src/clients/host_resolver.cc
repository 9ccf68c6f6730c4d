#include "clients/host_resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>

#include "async/timers.h"
#include "clients/poll_set.h"

namespace logbraid {
namespace {

// Of a server for one try; there are three, each twice as long.
constexpr int kTryTime = 500;  // ms
constexpr int kTries = 3;

class AresResolver final : public HostResolver, private PollSet::Owner {
 public:
  explicit AresResolver(const LookupSurroundings& surroundings)
      : timers_(surroundings.timers), poll_set_(surroundings.io, *this), tick_(*this) {
    // c-ares asks for it once a process, before the first channel, and not from two threads.
    static std::once_flag once;
    std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
    ares_options options{};
    options.flags = ARES_FLAG_NOALIASES;  // of the environment
    options.timeout = kTryTime;
    options.tries = kTries;
    options.sock_state_cb = &AresResolver::on_socket_state;
    options.sock_state_cb_data = this;
    const int status = ares_init_options(
        &channel_, &options,
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
      channel_ = nullptr;
      unusable_ = ares_strerror(status);
    }
  }
  ~AresResolver() override {
    timers_.remove(tick_);
    for (Query& query : queries_) query.waiter = nullptr;
    if (channel_ != nullptr) ares_destroy(channel_);  // ends the queries
  }

  void resolve(const std::string& host, Waiter& waiter) noexcept override {
    if (channel_ == nullptr) return waiter.host_resolved({{}, {}, unusable_});
    Query& query = queries_.emplace_back(Query{this, &waiter, {}});
    query.self = std::prev(queries_.end());
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &AresResolver::on_answer, &query);
    set_tick();
  }
  void forget(Waiter& waiter) noexcept override {
    for (Query& query : queries_) {
      if (query.waiter == &waiter) query.waiter = nullptr;
    }
  }

 private:
  struct Query {
    AresResolver* resolver;
    Waiter* waiter;  // null: forgotten; the query goes on, c-ares cannot call off a single one
    std::list<Query>::iterator self;
  };
  struct Tick : Timer {
    explicit Tick(AresResolver& owner) : Timer(&AresResolver::on_tick), resolver(owner) {}
    AresResolver& resolver;
  };

  static std::string_view reason(int status) {
    switch (status) {
      case ARES_ENOTFOUND:
      case ARES_ENODATA:
        return "no such host";
      case ARES_ETIMEOUT:
      case ARES_ECONNREFUSED:
        return "its name cannot be resolved: no name server answers";
      default:
        return ares_strerror(status);
    }
  }

  static void on_answer(void* data, int status, int, ares_addrinfo* info) {
    auto& query = *static_cast<Query*>(data);
    Waiter* const waiter = query.waiter;
    query.resolver->queries_.erase(query.self);
    Answer answer;
    answer.ttl = Duration::max();
    for (const ares_addrinfo_node* node = info == nullptr ? nullptr : info->nodes; node != nullptr;
         node = node->ai_next) {
      IpAddress address;
      if (node->ai_family == AF_INET) {
        address.is_v4 = true;
        std::memcpy(address.bytes.data(),
                    &reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr, 4);
      } else if (node->ai_family == AF_INET6) {
        std::memcpy(address.bytes.data(),
                    &reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr, 16);
      } else {
        continue;
      }
      answer.addresses.push_back(address);
      answer.ttl = std::min<Duration>(answer.ttl, std::chrono::seconds(node->ai_ttl));
    }
    if (info != nullptr) ares_freeaddrinfo(info);
    if (waiter == nullptr) return;
    if (answer.addresses.empty()) {
      answer.error = reason(status == ARES_SUCCESS ? ARES_ENODATA : status);
    }
    waiter->host_resolved(answer);
  }

  static void on_socket_state(void* data, ares_socket_t socket, int readable, int writable) {
    auto& self = *static_cast<AresResolver*>(data);
    const std::uint32_t events = (readable != 0 ? EPOLLIN : 0u) | (writable != 0 ? EPOLLOUT : 0u);
    if (events == 0) {
      self.poll_set_.remove(socket);
    } else if (!self.poll_set_.change(socket, events)) {
      self.poll_set_.add(socket, events);
    }
  }

  void descriptor_ready(int descriptor, std::uint32_t events) noexcept override {
    const bool readable = (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    const bool writable = (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD,
                    writable ? descriptor : ARES_SOCKET_BAD);
  }
  void turn_ends() noexcept override { set_tick(); }

  void set_tick() {
    timers_.remove(tick_);
    timeval wait{};
    if (ares_timeout(channel_, nullptr, &wait) == nullptr) return;
    timers_.set_at(tick_, timers_.now() + std::chrono::seconds(wait.tv_sec) +
                              std::chrono::microseconds(wait.tv_usec));
  }
  static void on_tick(Timer& timer) noexcept {
    AresResolver& self = static_cast<Tick&>(timer).resolver;
    ares_process_fd(self.channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    self.set_tick();
  }

  Timers& timers_;
  PollSet poll_set_;
  Tick tick_;
  std::list<Query> queries_;
  ares_channel channel_ = nullptr;
  std::string_view unusable_;
};

}  // namespace

std::shared_ptr<HostResolver> make_host_resolver(const LookupSurroundings& surroundings) {
  return std::make_shared<AresResolver>(surroundings);
}

std::shared_ptr<HostResolver> shared_host_resolver(const LookupSurroundings& surroundings) {
  return surroundings.shared.get<HostResolver>("system",
                                               [&] { return make_host_resolver(surroundings); });
}

}  // namespace logbraid
