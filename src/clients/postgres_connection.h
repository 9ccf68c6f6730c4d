#pragma once

#include <postgresql/libpq-fe.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/timers.h"
#include "clients/postgres_failure.h"
#include "clients/postgres_hosts.h"
#include "clients/postgres_query.h"
#include "clients/postgres_target.h"

namespace logbraid {

// Who has connections.
class PostgresConnectionOwner {
 public:
  virtual void connection_opened(PostgresConnection& connection) noexcept = 0;
  // It may be opened again. `was_open`: it was lost; else it could not be opened. The queries it
  // had are given back afterwards.
  virtual void connection_closed(PostgresConnection& connection, bool was_open,
                                 const PostgresFailure& why) noexcept = 0;
  virtual void query_returned(PostgresQuery& query) noexcept = 0;

 protected:
  ~PostgresConnectionOwner() = default;
};

// A statement as one session knows it.
struct PostgresPrepared {
  std::shared_ptr<const PostgresStatement> statement;
  std::string name;          // empty: of one query, and the next one without a name replaces it
  bool is_prepared = false;  // the server has it, whatever becomes of it here
  std::size_t queries = 0;   // under way
  PostgresShape shape;       // known before the first row
  // That it could not be prepared, or gives what it should not: then it is prepared anew. In the
  // latter case without a name, since a server keeps what has one until the session ends.
  PostgresFailure failure;
};

// One session with a PostgreSQL, in pipeline mode: queries go out as they come, each in a
// transaction of its own, and are answered in order.
//
// Invariants:
//   - a query is in `under_way_` from run() until query_returned(), which comes once
//   - results come in the order of `under_way_`, each with a sync behind it; so what libpq gives
//     next is always the front's
//   - asio watches a duplicate of libpq's socket, which libpq closes and replaces as it likes
//
// Threads:  the loop's.
// Lifetime: its end forgets the queries that it has. What asio still holds of it does nothing then.
// Errors:   the ends of queries.
// Blocking: never; signing in costs some milliseconds of computing (SCRAM, TLS).
class PostgresConnection final : public std::enable_shared_from_this<PostgresConnection>,
                                 private PostgresHosts::Waiter {
 public:
  enum class State : std::uint8_t { closed, opening, open };

  // What all connections to one server have in common.
  struct Settings {
    PostgresTarget::Parameters parameters;  // but for the hosts
    std::vector<PostgresTarget::Host> hosts;
    std::shared_ptr<HostResolver> resolver;  // null where no host is a name
    Duration open_within{};                  // from open() until queries can run
    Duration idle_timeout{};                 // without queries; then it is closed
  };
  // `settings` outlive it.
  PostgresConnection(PostgresConnectionOwner& owner, boost::asio::io_context& io, Timers& timers,
                     const Settings& settings);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  State state() const { return state_; }
  // It is open, and what was prepared is known. One that is open and takes none serves those that
  // it has, and closes.
  bool takes_queries() const { return state_ == State::open && !worn_out_; }
  // Until it is opened again, too.
  bool worn_out() const { return worn_out_; }
  std::size_t under_way() const { return under_way_.size(); }

  // Where it is closed. connection_opened() or connection_closed() follows, the latter perhaps from
  // within.
  void open();
  // Where it takes queries. May close it from within.
  void run(PostgresQuery& query);
  void close(PostgresFailure why);

 private:
  struct Alarm : Timer {
    Alarm(PostgresConnection& owner, Fire on_due) : Timer(on_due), connection(owner) {}
    PostgresConnection& connection;
  };
  struct FreeResult {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using ResultPointer = std::unique_ptr<PGresult, FreeResult>;

  void hosts_found(const PostgresTarget::Parameters& hosts) noexcept override;
  void hosts_unknown(std::string why) noexcept override;
  static void on_alarm(Timer& timer) noexcept;
  void look_after_idle();
  void go_on_opening();
  void opened();
  bool watch();
  void wait_for(boost::asio::posix::descriptor_base::wait_type what);
  void ready(boost::asio::posix::descriptor_base::wait_type what);
  void flush();
  void lost();
  void expect_front();
  void read_results();
  void take(PostgresQuery& query, const PGresult* result);
  void take_rows(PostgresQuery& query, const PGresult* result);
  void end_front();
  bool send(PostgresQuery& query);
  bool prepare(PostgresQuery& query);
  std::unique_ptr<PostgresPrepared> let_go(PostgresPrepared& prepared);

  PostgresConnectionOwner& owner_;
  Timers& timers_;
  boost::asio::posix::stream_descriptor socket_;
  const Settings& settings_;
  PostgresHosts hosts_;
  Alarm alarm_;  // opening takes too long; when open: nobody may have used it
  TimePoint last_used_{};
  PGconn* session_ = nullptr;
  State state_ = State::closed;
  bool writing_ = false;   // waits until more can be written
  bool worn_out_ = false;  // the server has forgotten what was prepared: to be closed when idle
  std::uint32_t session_number_ =
      0;  // so that an old session's news is not taken for the new one's
  PostgresLine under_way_;
  std::vector<std::unique_ptr<PostgresPrepared>> prepared_;
  std::uint64_t prepared_ever_ = 0;
  std::vector<const char*> values_;  // of the parameters of one query
};

}  // namespace logbraid
