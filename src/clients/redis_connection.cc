#include "clients/redis_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <utility>

#include "clients/asio_address.h"
#include "clients/redis_command.h"
#include "clients/redis_error.h"

namespace logbraid {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A connection that was still for so long is asked whether it is there.
constexpr Duration kIdle = std::chrono::seconds(30);
constexpr RedisReplyLimits kShortReply = {.value = 64, .items = 0, .reply = 128};

asio::io_context& context_of(const LoopIo& io) {
  return *static_cast<asio::io_context*>(io.io_context);
}

}  // namespace

RedisConnection::RedisConnection(Owner& owner, const RedisConnectionOptions& options,
                                 HostResolver* resolver, LoopIo& io, Timers& timers,
                                 std::uint64_t seed)
    : owner_(&owner),
      options_(options),
      resolver_(resolver),
      io_(io),
      timers_(timers),
      pause_(seed),
      calls_(options.pipeline + 1),  // and a PING
      tick_(*this, &on_tick),
      stalled_(*this, &on_stalled) {}

RedisConnection::~RedisConnection() { close(); }

void RedisConnection::close() noexcept {
  owner_ = nullptr;
  state_ = State::closed;
  timers_.remove(tick_);
  timers_.remove(stalled_);
  if (resolver_ != nullptr) resolver_->forget(*this);
  calls_.clear();
  if (wire_) std::exchange(wire_, nullptr)->close();
}

// --- from closed to ready

void RedisConnection::open_if_due() noexcept {
  if (state_ == State::closed) return open();
  if (state_ == State::pausing && timers_.now() - last_attempt_ >= ReconnectPause::kFirst) open();
}

void RedisConnection::open() noexcept {
  state_ = State::opening;
  last_attempt_ = timers_.now();
  timers_.remove(tick_);
  timers_.set(tick_, options_.connect_timeout);
  const RedisEndpoint& endpoint = options_.endpoint;
  if (!endpoint.path.empty()) {
    return connect({asio::local::stream_protocol::endpoint(endpoint.path)});
  }
  error_code error;
  const auto address = asio::ip::make_address(endpoint.host, error);
  if (error) return resolver_->resolve(endpoint.host, *this);
  connect({asio::ip::tcp::endpoint(address, endpoint.port)});
}

void RedisConnection::host_resolved(const HostResolver::Answer& answer) noexcept {
  if (answer.addresses.empty()) return fail(RequestError::transport, answer.error);
  std::vector<RedisWire::Address> addresses;
  for (const IpAddress& found : answer.addresses) {
    addresses.emplace_back(asio::ip::tcp::endpoint(asio_address(found), options_.endpoint.port));
  }
  connect(std::move(addresses));
}

void RedisConnection::connect(std::vector<RedisWire::Address> addresses) {
  RedisWireTls tls;
  if (options_.endpoint.tls) {
    const std::string& name = options_.tls_options.server_name;
    tls = {options_.tls.get(), name.empty() ? options_.endpoint.host : name,
           options_.tls_options.verify};
  }
  RedisWire::Owner& owner = *this;
  // Kept here: one that fails at once is closed from within.
  const auto wire = wire_ = std::make_shared<RedisWire>(owner, context_of(io_), std::move(tls));
  wire->connect(std::move(addresses));
}

void RedisConnection::wire_connected() noexcept {
  const auto here = shared_from_this();
  greet();
}

void RedisConnection::wire_failed(const std::string& why) noexcept {
  const auto here = shared_from_this();
  fail(RequestError::transport, why);
}

// Written at once; no reply is waited for before the next command.
void RedisConnection::greet() {
  const RedisEndpoint& endpoint = options_.endpoint;
  std::string& out = wire_->out();
  greeting_.clear();
  if (!endpoint.password.empty()) {
    append_command(out, endpoint.user.empty() ? 2 : 3);
    append_argument(out, "AUTH");
    if (!endpoint.user.empty()) append_argument(out, endpoint.user);
    append_argument(out, endpoint.password);
    greeting_.insert(greeting_.begin(), Greeting::auth);
  }
  if (endpoint.database != 0) {
    append_command(out, 2);
    append_argument(out, "SELECT");
    append_argument(out, std::to_string(endpoint.database));
    greeting_.insert(greeting_.begin(), Greeting::select);
  }
  if (!options_.client_name.empty()) {
    append_command(out, 3);
    append_argument(out, "CLIENT");
    append_argument(out, "SETNAME");
    append_argument(out, options_.client_name);
    greeting_.insert(greeting_.begin(), Greeting::name);
  }
  if (greeting_.empty()) become_ready();
  if (!wire_) return;
  wire_->write();
  wire_->read();
}

void RedisConnection::become_ready() {
  state_ = State::ready;
  pause_.reset();
  busy_ = true;
  last_asked_ = timers_.now();
  timers_.remove(tick_);
  timers_.set(tick_, idle_turn());
  owner_->connection_opened();
  if (owner_ != nullptr) owner_->connection_has_room();
}

// --- replies

void RedisConnection::wire_read() noexcept {
  const auto here = shared_from_this();
  busy_ = true;
  process();
}

void RedisConnection::process() {
  const auto wire = wire_;
  while (wire_ == wire && !greeting_.empty()) {
    if (!greeted()) return;
  }
  while (wire_ == wire && !calls_.empty()) {
    if (!answered()) break;
  }
  if (wire_ != wire) return;
  if (calls_.empty() && wire->reader().has_more()) {
    return fail(RequestError::malformed, "bytes that nobody asked for");
  }
  // However many there were before: those that an answer brought may have filled it meanwhile, with
  // more of them left in the pool's line.
  if (has_room()) owner_->connection_has_room();
}

// False where there is no whole reply, or all is over.
bool RedisConnection::greeted() {
  RedisReplyReader& reader = wire_->reader();
  switch (reader.next(kShortReply)) {
    case RedisReplyReader::State::more:
      return false;
    case RedisReplyReader::State::malformed:
    case RedisReplyReader::State::oversize:
      fail(RequestError::malformed, reader.why());
      return false;
    case RedisReplyReader::State::reply:
      break;
  }
  if (reader.is_array()) {
    fail(RequestError::malformed, "an array where a word was due");
    return false;
  }
  const Greeting greeting = greeting_.back();
  greeting_.pop_back();
  const bool refused = reader.kind() == RedisReplyReader::Kind::error;
  if (refused && greeting != Greeting::name) {  // a name is welcome, not needed
    const RedisError error = RedisError::of(reader.text());
    fail(error.of_request.value_or(RequestError::refused),
         fmt::format("{}: {}", greeting == Greeting::auth ? "AUTH" : "SELECT", error.text));
    return false;
  }
  if (greeting_.empty()) become_ready();
  return true;
}

bool RedisConnection::answered() {
  RedisReplyReader& reader = wire_->reader();
  Call& call = calls_.front();
  switch (reader.next(call.limits)) {
    case RedisReplyReader::State::more:
      return false;
    case RedisReplyReader::State::malformed:
      fail(RequestError::malformed, reader.why());
      return false;
    case RedisReplyReader::State::oversize:
      fail(RequestError::oversize, reader.why());
      return false;
    case RedisReplyReader::State::reply:
      break;
  }
  if (call.asker != nullptr) {
    const std::string_view wrong = call.asker->read(*call.request, call.number, reader);
    if (!wrong.empty()) {
      fail(RequestError::malformed, wrong);
      return false;
    }
  }
  ++call.number;
  if (--call.left != 0) return true;
  const Call over = call;
  calls_.pop_front();
  if (over.asker != nullptr) over.asker->finish(*over.request);  // which may ask again
  return true;
}

// --- requests

void RedisConnection::ask(RedisAsker& asker, Request& request) noexcept {
  last_asked_ = timers_.now();
  const std::uint32_t replies = asker.write(request, wire_->out());
  calls_.push_back({&asker, &request, replies, 0, asker.limits(request), TimePoint::max()});
  wire_->write();
}

bool RedisConnection::cancel(const Request& request, Duration within) noexcept {
  const auto call =
      std::ranges::find_if(calls_, [&](const Call& each) { return each.request == &request; });
  if (call == calls_.end()) return false;
  call->give_up = timers_.now() + within;
  give_up_at(call->give_up);
  return true;
}

void RedisConnection::forget(const RedisAsker& asker) noexcept {
  for (Call& call : calls_) {
    if (call.asker != &asker) continue;
    call.asker = nullptr;
    call.request = nullptr;
    // Nobody will call it off; but it must not hold up others for ever.
    call.give_up = std::min(call.give_up, timers_.now() + options_.connect_timeout);
    give_up_at(call.give_up);
  }
}

void RedisConnection::ping() {
  append_command(wire_->out(), 1);
  append_argument(wire_->out(), "PING");
  const TimePoint give_up = timers_.now() + options_.connect_timeout;
  calls_.push_back({nullptr, nullptr, 1, 0, kShortReply, give_up});
  give_up_at(give_up);
  wire_->write();
}

// --- time

void RedisConnection::on_tick(Timer& timer) noexcept {
  RedisConnection& self = static_cast<Tick&>(timer).connection;
  switch (self.state_) {
    case State::closed:
      break;
    case State::opening:
      self.fail(RequestError::timeout, "no connection in time");
      break;
    case State::pausing:
      self.open();
      break;
    case State::ready:
      self.look_after_idle();
      break;
  }
}

Duration RedisConnection::idle_turn() const { return std::min(kIdle, options_.idle_timeout); }

void RedisConnection::look_after_idle() {
  if (calls_.empty()) {
    if (timers_.now() - last_asked_ >= options_.idle_timeout) return rest();
    if (!busy_) ping();
  }
  busy_ = false;
  timers_.set(tick_, idle_turn());
}

void RedisConnection::rest() noexcept {
  state_ = State::closed;
  timers_.remove(stalled_);
  std::exchange(wire_, nullptr)->close();
}

void RedisConnection::give_up_at(TimePoint when) {
  if (stalled_.waiting() && stalled_.due <= when) return;
  timers_.remove(stalled_);
  timers_.set_at(stalled_, when);
}

void RedisConnection::on_stalled(Timer& timer) noexcept {
  RedisConnection& self = static_cast<Tick&>(timer).connection;
  const TimePoint now = self.timers_.now();
  if (self.calls_.empty()) return;
  // What stands at the front holds up all others: there is nothing to be had from this connection.
  if (self.calls_.front().give_up <= now) return self.fail(RequestError::timeout, "no answer");
  TimePoint next = TimePoint::max();
  for (std::size_t i = 0; i < self.calls_.size(); ++i) {
    Call& call = self.calls_[i];
    if (call.give_up > now) {
      next = std::min(next, call.give_up);
      continue;
    }
    // Its time stays: should it come to the front unanswered, that is the end.
    call.asker = nullptr;
    Request* const request = std::exchange(call.request, nullptr);
    if (request != nullptr) request->finish(RequestError::timeout, self.said("no answer"));
  }
  if (next != TimePoint::max()) self.give_up_at(next);
}

std::string RedisConnection::said(std::string_view what) const {
  return fmt::format("redis {}: {}", options_.endpoint.name(), what);
}

void RedisConnection::fail(RequestError error, std::string_view what) noexcept {
  const std::string why = said(what);
  state_ = State::pausing;
  greeting_.clear();
  timers_.remove(tick_);
  timers_.remove(stalled_);
  if (resolver_ != nullptr) resolver_->forget(*this);
  if (wire_) std::exchange(wire_, nullptr)->close();
  timers_.set_at(tick_, timers_.now() + pause_.next());

  const std::vector<Call> over(calls_.begin(), calls_.end());
  calls_.clear();
  if (owner_ != nullptr) owner_->connection_failed(error, why);
  // What was understood wrongly, or not answered, was the first one's; the others have lost their
  // connection.
  for (const Call& call : over) {
    if (call.request == nullptr) continue;
    const bool its_fault = &call == &over.front() || call.give_up <= timers_.now();
    call.request->finish(its_fault ? error : RequestError::transport, why);
  }
}

}  // namespace logbraid
