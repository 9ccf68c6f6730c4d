#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/timers.h"
#include "clients/postgres_connection.h"
#include "clients/reconnect_pause.h"
#include "lookup/lookup_recorder.h"

namespace logbraid {

// The connections of a shard to one PostgreSQL, shared by its enrichers. They are opened when
// queries need them, one at a time, and close when nobody uses them any more. While the server
// cannot be reached there is a pause after each attempt (ReconnectPause), in which queries fail at
// once; the first one behind it attempts anew, and a probe of the breaker's at any time.
//
// Invariants:
//   - a query is in the stock, in the line, or with one connection
//   - queries are in the line only while a connection is being opened, or all that there may be are
//     worn out and serve their last: the first that closes is then opened anew
//
// Threads:  the loop's.
// Lifetime: when it ends nobody asks any more; what is under way is dropped.
// Errors:   the ends of queries.
// Blocking: never.
class PostgresPool final : public PostgresConnectionOwner {
 public:
  // `name`: of the server, for messages. `most`: connections.
  PostgresPool(boost::asio::io_context& io, Timers& timers, std::string name,
               PostgresConnection::Settings settings, std::size_t most);
  ~PostgresPool();
  PostgresPool(const PostgresPool&) = delete;
  PostgresPool& operator=(const PostgresPool&) = delete;

  // A query to fill: asker, statement, parameters.
  PostgresQuery& take();
  // asker.query_ended() follows, perhaps from within. `recorder` counts a connection that is opened
  // for it.
  void run(PostgresQuery& query, LookupRecorder& recorder);
  // Whoever asked has waited long enough. One that waits for a connection ends from within; a
  // server has `grace` to answer yet, then its connection is closed.
  void overdue(PostgresQuery& query, Duration grace);
  // Its rows are too many: it ends with its connection, and nobody is told. Read to their end they
  // might keep the loop busy for ever. It is the pool's from then on: who asks from within, since
  // other queries of the connection ended, may get it.
  void drop(PostgresQuery& query);
  // The same for all that it asked, at its own end.
  void forget(const PostgresAsker& asker, const LookupRecorder& recorder);
  // The next query attempts anew.
  void end_pause() { pause_until_ = {}; }
  // Opens a connection where there is none.
  void warm_up(LookupRecorder& recorder);

 private:
  void connection_opened(PostgresConnection& connection) noexcept override;
  void connection_closed(PostgresConnection& connection, bool was_open,
                         const PostgresFailure& why) noexcept override;
  void query_returned(PostgresQuery& query) noexcept override;

  PostgresConnection* least_busy() const;
  bool all_are_open() const;
  void open_another(LookupRecorder* recorder);
  static void on_due(Timer& timer) noexcept;

  boost::asio::io_context& io_;
  Timers& timers_;
  const std::string name_;
  const PostgresConnection::Settings settings_;
  const std::size_t most_;
  ReconnectPause pause_;
  std::vector<std::shared_ptr<PostgresConnection>> connections_;
  PostgresConnection* opening_ = nullptr;
  LookupRecorder* opening_for_ = nullptr;
  TimePoint pause_until_{};
  PostgresFailure unreachable_;  // why there is a pause
  PostgresLine line_;
  std::vector<std::unique_ptr<PostgresQuery>> queries_;
  std::vector<PostgresQuery*> stock_;
};

}  // namespace logbraid
