#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/redis_pool.h"
#include "format/json_document.h"
#include "format/json_pointer.h"
#include "logbraid/arena.h"
#include "lookup/request.h"

namespace logbraid {

enum class RedisCommand : std::uint8_t { get, hmget, hgetall };

// What is asked of a key, and which value of the reply is for which field of the enricher.
struct RedisLookup {
  RedisCommand command = RedisCommand::get;
  std::string prefix;  // before each key
  // get: the places in a JSON value; empty: the value as it is, for field 0.
  std::vector<JsonPointer> pointers;
  // hmget, hgetall: the hash's fields; empty for hgetall: all of them as one object, for field 0.
  std::vector<std::string> names;
  std::size_t max_reply = 1024 * 1024;  // bytes of one value
};

// All that a client is made of.
struct RedisSetup {
  RedisLookup lookup;
  RedisConnectionOptions connection;
  std::uint32_t connections = 1;  // of the process, divided among its shards
};

// The keys of a request as commands, and the replies as rows. Keys of `get` share one MGET, which
// finds nothing where the key holds no string; of the others each has its command, all in one
// write.
//
// Threads:  the shard's.
// Lifetime: borrows the recorder.
class RedisClient final : public Client, private RedisAsker {
 public:
  // `timeout`: of a request.
  RedisClient(RedisLookup lookup, std::shared_ptr<RedisPool> pool, Duration timeout,
              LookupRecorder& recorder);
  ~RedisClient() override;

  void send(Request& request) noexcept override;
  void cancel(Request& request) noexcept override;
  void warm_up() noexcept override;

 private:
  std::uint32_t write(const Request& request, std::string& out) noexcept override;
  RedisReplyLimits limits(const Request& request) const noexcept override;
  std::string_view read(Request& request, std::uint32_t number,
                        const RedisReplyReader& reply) noexcept override;
  void finish(Request& request) noexcept override;

  std::string_view read_values(Request& request, const RedisReplyReader& reply);
  std::string_view read_named(Request& request, std::uint32_t row, const RedisReplyReader& reply);
  std::string_view read_hash(Request& request, std::uint32_t row, const RedisReplyReader& reply);
  void read_value(Request& request, std::size_t row, std::string_view value);
  void fail_row(Request& request, std::size_t row, std::string_view why);
  void refuse(Request& request, std::uint32_t row, std::string_view text);
  std::string_view valid(std::string_view text);

  const RedisLookup lookup_;
  const std::shared_ptr<RedisPool> pool_;
  const Duration timeout_;
  JsonDocument document_;
  Arena arena_;
  std::string scratch_;
  std::string json_;
};

// With the connections of those who ask the same Redis in the same way on this shard.
std::unique_ptr<Client> make_redis_client(const RedisSetup& setup,
                                          const LookupSurroundings& surroundings);

}  // namespace logbraid
