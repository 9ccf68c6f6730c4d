#include "clients/redis_pool.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <utility>

namespace logbraid {

RedisPool::RedisPool(RedisConnectionOptions options, std::uint32_t connections,
                     const LookupSurroundings& surroundings)
    : options_(std::move(options)) {
  surroundings.io.used = true;
  boost::system::error_code no_address;
  boost::asio::ip::make_address(options_.endpoint.host, no_address);
  if (options_.endpoint.path.empty() && no_address) {
    resolver_ = shared_host_resolver(surroundings);
  }
  // Shards that lose the same server come back one after another.
  const std::uint64_t seed = std::hash<std::string>{}(options_.endpoint.name());
  RedisConnection::Owner& owner = *this;
  for (std::uint32_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_shared<RedisConnection>(
        owner, options_, resolver_.get(), surroundings.io, surroundings.timers,
        seed + std::uint64_t{surroundings.shard} * connections + i));
  }
}

RedisPool::~RedisPool() {
  for (const auto& connection : connections_) connection->close();
}

void RedisPool::join(RedisAsker& asker, LookupRecorder& recorder) {
  members_.push_back({&asker, &recorder});
}

void RedisPool::leave(RedisAsker& asker) noexcept {
  std::erase_if(members_, [&](const Member& each) { return each.asker == &asker; });
  std::erase_if(line_, [&](const Waiting& each) { return each.asker == &asker; });
  for (const auto& connection : connections_) connection->forget(asker);
}

void RedisPool::open() noexcept {
  for (const auto& connection : connections_) connection->open_if_due();
}

// The one with the fewest requests, of those with room; null where there is none.
RedisConnection* RedisPool::best() const {
  RedisConnection* best = nullptr;
  for (const auto& connection : connections_) {
    if (!connection->has_room()) continue;
    if (best == nullptr || connection->pending() < best->pending()) best = connection.get();
  }
  return best;
}

// Whether what waits will be answered by and by.
bool RedisPool::has_hope() const {
  return std::ranges::any_of(connections_,
                             [](const auto& each) { return each->opening() || each->ready(); });
}

void RedisPool::ask(RedisAsker& asker, Request& request) noexcept {
  RedisConnection* const connection = line_.empty() ? best() : nullptr;
  if (connection == nullptr || connection->pending() != 0) open();  // one more would be of use
  if (connection != nullptr) return connection->ask(asker, request);
  if (has_hope()) {
    line_.push_back({&asker, &request});
  } else {
    request.finish(last_error_, last_why_);
  }
}

void RedisPool::cancel(Request& request, Duration within) noexcept {
  const auto waiting = std::ranges::find(line_, &request, &Waiting::request);
  if (waiting != line_.end()) {
    line_.erase(waiting);
    request.finish(RequestError::timeout,
                   "redis " + options_.endpoint.name() + ": no connection was free in time");
    return;
  }
  for (const auto& connection : connections_) {
    if (connection->cancel(request, within)) return;
  }
}

void RedisPool::connection_has_room() noexcept {
  while (!line_.empty()) {
    RedisConnection* const connection = best();
    if (connection == nullptr) return;
    const Waiting next = line_.front();
    line_.pop_front();
    connection->ask(*next.asker, *next.request);
  }
}

void RedisPool::connection_opened() noexcept {
  if (!members_.empty()) members_.front().recorder->connections_opened.add(1);
}

void RedisPool::connection_failed(RequestError error, std::string_view why) noexcept {
  if (!members_.empty()) members_.front().recorder->connections_failed.add(1);
  last_error_ = error;
  last_why_ = why;
  if (has_hope()) return;
  // Not those who come meanwhile.
  const std::deque<Waiting> over = std::exchange(line_, {});
  const std::string reason(why);
  for (const Waiting& each : over) each.request->finish(error, reason);
}

}  // namespace logbraid
