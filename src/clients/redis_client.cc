#include "clients/redis_client.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "clients/redis_command.h"
#include "clients/redis_error.h"
#include "core/json_text.h"
#include "format/structural_index.h"
#include "resilience/shard_part.h"

namespace logbraid {
namespace {

using Kind = RedisReplyReader::Kind;

constexpr std::string_view kOtherReply = "a reply of another kind than was asked for";
constexpr std::string_view kOtherCount = "an array of another length than was asked for";

// So many times the limit of one value is that of all values of an MGET.
constexpr std::size_t kBatchReplies = 8;
// And what is read past of a reply that is over them, so that the others of its pipeline can be
// read: a connection that is opened anew costs more than that.
constexpr std::size_t kPassed = 64;
// The least that an item of an array takes: "$-1\r\n" has 5 bytes, ":1\r\n" 4.
constexpr std::size_t kLeastItem = 4;

constexpr std::string_view kTooLong = "the value is over max_reply";
constexpr std::string_view kTooLarge = "the hash is over max_reply";
constexpr std::string_view kTooMuch = "the values of one request are over eight times max_reply";

// Of a hash, which needs all of its items.
bool is_too_large(const RedisReplyReader& reply) {
  if (reply.size() != reply.announced()) return true;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (reply.kind(i) == Kind::too_long) return true;
  }
  return false;
}

// Of Request::client_number: a reply that speaks of the request as a whole, and the row that has
// the words of it. 0: none.
constexpr std::uint64_t noted(RequestError error, std::uint32_t row) {
  return std::uint64_t{static_cast<std::uint8_t>(error)} << 32 | row;
}

// All that makes a difference between connections.
std::string identity(const RedisSetup& setup) {
  const RedisConnectionOptions& options = setup.connection;
  const RedisEndpoint& at = options.endpoint;
  const RedisTlsOptions& tls = options.tls_options;
  std::string text;
  const auto add = [&](const auto& part) {
    fmt::format_to(std::back_inserter(text), "{}\n", part);
  };
  for (const std::string* part :
       {&at.host, &at.path, &at.user, &at.password, &tls.ca_file, &tls.certificate,
        &tls.certificate_key, &tls.server_name, &options.client_name}) {
    add(*part);
  }
  for (const std::uint64_t part :
       {std::uint64_t{at.port}, std::uint64_t{at.database}, std::uint64_t{at.tls},
        std::uint64_t{tls.verify}, std::uint64_t{options.pipeline},
        std::uint64_t{setup.connections},
        static_cast<std::uint64_t>(options.connect_timeout.count()),
        static_cast<std::uint64_t>(options.idle_timeout.count())}) {
    add(part);
  }
  return text;
}

}  // namespace

std::unique_ptr<Client> make_redis_client(const RedisSetup& setup,
                                          const LookupSurroundings& surroundings) {
  auto pool = surroundings.shared.get<RedisPool>(identity(setup), [&] {
    return std::make_shared<RedisPool>(
        setup.connection, part_of_shard(setup.connections, surroundings.shard, surroundings.shards),
        surroundings);
  });
  return std::make_unique<RedisClient>(setup.lookup, std::move(pool), surroundings.timeout,
                                       surroundings.recorder);
}

RedisClient::RedisClient(RedisLookup lookup, std::shared_ptr<RedisPool> pool, Duration timeout,
                         LookupRecorder& recorder)
    : lookup_(std::move(lookup)), pool_(std::move(pool)), timeout_(timeout) {
  pool_->join(*this, recorder);
}

RedisClient::~RedisClient() { pool_->leave(*this); }

void RedisClient::send(Request& request) noexcept {
  request.client_number = 0;
  pool_->ask(*this, request);
}
void RedisClient::cancel(Request& request) noexcept { pool_->cancel(request, timeout_); }
void RedisClient::warm_up() noexcept { pool_->open(); }

// --- commands

std::uint32_t RedisClient::write(const Request& request, std::string& out) noexcept {
  const auto keys = static_cast<std::uint32_t>(request.size());
  if (lookup_.command == RedisCommand::get) {
    append_command(out, std::size_t{keys} + 1);
    append_argument(out, "MGET");
    for (std::size_t row = 0; row < keys; ++row) {
      append_argument(out, lookup_.prefix, request.key(row));
    }
    return 1;
  }
  const bool all = lookup_.command == RedisCommand::hgetall;
  for (std::size_t row = 0; row < keys; ++row) {
    append_command(out, all ? 2 : 2 + lookup_.names.size());
    append_argument(out, all ? "HGETALL" : "HMGET");
    append_argument(out, lookup_.prefix, request.key(row));
    if (all) continue;
    for (const std::string& name : lookup_.names) append_argument(out, name);
  }
  return keys;
}

RedisReplyLimits RedisClient::limits(const Request& request) const noexcept {
  RedisReplyLimits limits{.value = lookup_.max_reply,
                          .items = 0,
                          .reply = kBatchReplies * lookup_.max_reply,
                          .passed = kPassed * lookup_.max_reply};
  switch (lookup_.command) {
    case RedisCommand::get:
      limits.items = request.size();
      break;
    case RedisCommand::hmget:
      limits.items = lookup_.names.size();
      limits.reply = lookup_.max_reply;
      break;
    case RedisCommand::hgetall:
      limits.items = (lookup_.max_reply + limits.passed) / kLeastItem;
      limits.reply = lookup_.max_reply;
      break;
  }
  return limits;
}

// --- replies

std::string_view RedisClient::read(Request& request, std::uint32_t number,
                                   const RedisReplyReader& reply) noexcept {
  if (!reply.is_array()) {
    if (reply.kind() != Kind::error) return kOtherReply;
    refuse(request, number, reply.text());
    return {};
  }
  switch (lookup_.command) {
    case RedisCommand::get:
      return read_values(request, reply);
    case RedisCommand::hmget:
      return read_named(request, number, reply);
    case RedisCommand::hgetall:
      break;
  }
  return read_hash(request, number, reply);
}

void RedisClient::finish(Request& request) noexcept {
  const std::uint64_t note = request.client_number;
  if (note == 0) return request.finish();
  request.finish(static_cast<RequestError>(note >> 32),
                 request.answer(static_cast<std::uint32_t>(note)));
}

// A reply that is an error: to the MGET of all keys, or to the command of one.
void RedisClient::refuse(Request& request, std::uint32_t row, std::string_view text) {
  const RedisError error = RedisError::of(text);
  fail_row(request, row, error.text);
  if (error.of_request) {
    request.client_number = noted(*error.of_request, row);
  } else if (lookup_.command == RedisCommand::get) {
    request.client_number = noted(RequestError::refused, row);
  }
}

void RedisClient::fail_row(Request& request, std::size_t row, std::string_view why) {
  request.failed(row, fmt::format("redis {}: {}", pool_->options().endpoint.name(), why));
}

std::string_view RedisClient::read_values(Request& request, const RedisReplyReader& reply) {
  if (reply.announced() != request.size()) return kOtherCount;
  for (std::size_t row = 0; row < reply.size(); ++row) {
    switch (reply.kind(row)) {
      case Kind::null:
        request.not_found(row);
        break;
      case Kind::string:
        read_value(request, row, reply.text(row));
        break;
      case Kind::too_long:
        fail_row(request, row, kTooLong);
        break;
      default:
        return kOtherReply;
    }
  }
  for (std::size_t row = reply.size(); row < request.size(); ++row) {
    fail_row(request, row, kTooMuch);
  }
  return {};
}

void RedisClient::read_value(Request& request, std::size_t row, std::string_view value) {
  if (lookup_.pointers.empty()) {
    request.found(row);
    request.value(0, valid(value));
    return;
  }
  if (!document_.read(value)) {
    return fail_row(request, row, fmt::format("the value is no JSON: {}", document_.error()));
  }
  request.found(row);
  for (std::size_t i = 0; i < lookup_.pointers.size(); ++i) {
    const auto place = lookup_.pointers[i].find(document_.json());
    if (!place) continue;
    request.value(static_cast<std::uint16_t>(i), decode_json(*place, arena_));
    arena_.reset();
  }
}

std::string_view RedisClient::read_named(Request& request, std::uint32_t row,
                                         const RedisReplyReader& reply) {
  if (reply.announced() != lookup_.names.size()) return kOtherCount;
  if (is_too_large(reply)) {
    fail_row(request, row, kTooLarge);
    return {};
  }
  request.found(row);
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (reply.kind(i) == Kind::null) continue;
    if (reply.kind(i) != Kind::string) return kOtherReply;
    request.value(static_cast<std::uint16_t>(i), valid(reply.text(i)));
  }
  return {};
}

// Names and values by turns; of a hash that is not there, none.
std::string_view RedisClient::read_hash(Request& request, std::uint32_t row,
                                        const RedisReplyReader& reply) {
  if (reply.announced() % 2 != 0) return kOtherCount;
  if (is_too_large(reply)) {
    fail_row(request, row, kTooLarge);
    return {};
  }
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (reply.kind(i) != Kind::string) return kOtherReply;
  }
  request.found(row);
  if (reply.size() == 0) return {};
  if (!lookup_.names.empty()) {
    for (std::size_t i = 0; i < reply.size(); i += 2) {
      for (std::size_t field = 0; field < lookup_.names.size(); ++field) {
        if (lookup_.names[field] != reply.text(i)) continue;
        request.value(static_cast<std::uint16_t>(field), valid(reply.text(i + 1)));
      }
    }
    return {};
  }
  json_ = '{';
  for (std::size_t i = 0; i < reply.size(); ++i) {
    append_json_string(json_, valid(reply.text(i)));
    json_ += i % 2 == 0 ? ':' : ',';
  }
  json_.back() = '}';
  request.value(0, Value::object(json_));
  return {};
}

// What Redis holds are bytes; what an event holds is UTF-8.
std::string_view RedisClient::valid(std::string_view text) {
  if (is_utf8(text)) return text;
  scratch_.clear();
  append_valid_utf8(scratch_, text);
  return scratch_;
}

}  // namespace logbraid
