#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/redis_connection.h"
#include "lookup/lookup_enricher.h"
#include "lookup/lookup_recorder.h"

namespace logbraid {

// The connections of one shard to one Redis, for all who ask it there. A request goes to the one
// with the fewest that it waits for; where none has room it waits in line. What waits for a first
// connection fails with it.
//
// Threads:  the shard's.
// Lifetime: held by those who ask.
// Errors:   ends of requests.
// Blocking: never.
class RedisPool final : private RedisConnection::Owner {
 public:
  RedisPool(RedisConnectionOptions options, std::uint32_t connections,
            const LookupSurroundings& surroundings);
  ~RedisPool();
  RedisPool(const RedisPool&) = delete;
  RedisPool& operator=(const RedisPool&) = delete;

  const RedisConnectionOptions& options() const { return options_; }

  // `recorder` counts what becomes of connections, of those who are there the first one's.
  void join(RedisAsker& asker, LookupRecorder& recorder);
  // Its requests do not end any more.
  void leave(RedisAsker& asker) noexcept;

  void open() noexcept;
  void ask(RedisAsker& asker, Request& request) noexcept;
  // The request ends within that time.
  void cancel(Request& request, Duration within) noexcept;

 private:
  struct Member {
    RedisAsker* asker;
    LookupRecorder* recorder;
  };
  struct Waiting {
    RedisAsker* asker;
    Request* request;
  };

  RedisConnection* best() const;
  bool has_hope() const;
  void connection_has_room() noexcept override;
  void connection_opened() noexcept override;
  void connection_failed(RequestError error, std::string_view why) noexcept override;

  const RedisConnectionOptions options_;
  std::shared_ptr<HostResolver> resolver_;  // where the endpoint is no address
  std::vector<std::shared_ptr<RedisConnection>> connections_;
  std::vector<Member> members_;
  std::deque<Waiting> line_;
  RequestError last_error_ = RequestError::transport;
  std::string last_why_;
};

}  // namespace logbraid
