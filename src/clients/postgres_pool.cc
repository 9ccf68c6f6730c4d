#include "clients/postgres_pool.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace logbraid {
PostgresPool::PostgresPool(boost::asio::io_context& io, Timers& timers, std::string name,
                           PostgresConnection::Settings settings, std::size_t most)
    : io_(io),
      timers_(timers),
      name_(std::move(name)),
      settings_(std::move(settings)),
      most_(most),
      // Two processes that lost one server must not come back in step.
      pause_(std::hash<const void*>()(this) ^
             static_cast<std::uint64_t>(timers.now().time_since_epoch().count())) {}

PostgresPool::~PostgresPool() {
  for (const auto& query : queries_) timers_.remove(*query);
}

PostgresQuery& PostgresPool::take() {
  if (stock_.empty()) {
    queries_.push_back(std::make_unique<PostgresQuery>(*this, &PostgresPool::on_due));
    stock_.reserve(queries_.size());
    return *queries_.back();
  }
  PostgresQuery& query = *stock_.back();
  stock_.pop_back();
  return query;
}

void PostgresPool::run(PostgresQuery& query, LookupRecorder& recorder) {
  const PostgresConnection* const idle = least_busy();
  if (idle == nullptr || idle->under_way() != 0) open_another(&recorder);
  if (PostgresConnection* const connection = least_busy()) return connection->run(query);
  if (opening_ != nullptr) return line_.push(query);
  if (all_are_open()) {  // and none takes it
    opening_for_ = &recorder;
    return line_.push(query);
  }
  query.failure = unreachable_;
  query_returned(query);
}

void PostgresPool::warm_up(LookupRecorder& recorder) {
  if (least_busy() == nullptr) open_another(&recorder);
}

// --- connections

PostgresConnection* PostgresPool::least_busy() const {
  PostgresConnection* best = nullptr;
  for (const auto& connection : connections_) {
    if (!connection->takes_queries()) continue;
    if (best == nullptr || connection->under_way() < best->under_way()) best = connection.get();
  }
  return best;
}

bool PostgresPool::all_are_open() const {
  return connections_.size() == most_ && std::ranges::all_of(connections_, [](const auto& one) {
           return one->state() == PostgresConnection::State::open;
         });
}

void PostgresPool::open_another(LookupRecorder* recorder) {
  if (opening_ != nullptr || timers_.now() < pause_until_) return;
  const auto closed = std::ranges::find_if(connections_, [](const auto& connection) {
    return connection->state() == PostgresConnection::State::closed;
  });
  if (closed != connections_.end()) {
    opening_ = closed->get();
  } else if (connections_.size() < most_) {
    connections_.push_back(std::make_shared<PostgresConnection>(*this, io_, timers_, settings_));
    opening_ = connections_.back().get();
  } else {
    return;
  }
  opening_for_ = recorder;
  opening_->open();
}

void PostgresPool::connection_opened(PostgresConnection& connection) noexcept {
  opening_ = nullptr;
  if (opening_for_ != nullptr) opening_for_->connections_opened.add(1);
  pause_.reset();
  pause_until_ = {};
  while (!line_.empty() && connection.takes_queries()) {
    connection.run(line_.pop());
  }
}

void PostgresPool::connection_closed(PostgresConnection& connection, bool was_open,
                                     const PostgresFailure& why) noexcept {
  if (!was_open) {
    opening_ = nullptr;
    if (opening_for_ != nullptr) opening_for_->connections_failed.add(1);
    pause_until_ = timers_.now() + pause_.next();
    unreachable_ = why;
  }
  if (was_open && connection.worn_out() && !line_.empty()) open_another(opening_for_);
  if (opening_ != nullptr || least_busy() != nullptr) return;
  // As many as there are: others may come meanwhile, or leave.
  for (std::size_t left = line_.size(); left > 0 && !line_.empty(); --left) {
    PostgresQuery& query = line_.pop();
    query.failure = why;
    query_returned(query);
  }
}

// --- queries

void PostgresPool::query_returned(PostgresQuery& query) noexcept {
  timers_.remove(query);
  query.overdue = false;
  query.connection = nullptr;
  query.statement.reset();
  PostgresFailure failure = std::exchange(query.failure, {});
  if (failure) failure.why.insert(0, name_ + ": ");
  PostgresAsker* const asker = std::exchange(query.asker, nullptr);
  if (asker != nullptr) asker->query_ended(query, failure);
  stock_.push_back(&query);
}

void PostgresPool::overdue(PostgresQuery& query, Duration grace) {
  if (query.connection != nullptr) {
    query.overdue = true;
    if (!query.waiting()) timers_.set(query, grace);
    return;
  }
  line_.remove(query);
  query.failure = {RequestError::timeout, "no connection yet"};
  query_returned(query);
}

void PostgresPool::drop(PostgresQuery& query) {
  query.asker = nullptr;
  query.connection->close(
      {RequestError::transport, "closed, since the rows of a query did not end"});
}

void PostgresPool::forget(const PostgresAsker& asker, const LookupRecorder& recorder) {
  if (opening_for_ == &recorder) opening_for_ = nullptr;
  for (const auto& query : queries_) {
    if (query->asker == &asker) query->asker = nullptr;
  }
}

void PostgresPool::on_due(Timer& timer) noexcept {
  static_cast<PostgresQuery&>(timer).connection->close(
      {RequestError::transport, "closed, since a query took too long on this connection"});
}

}  // namespace logbraid
