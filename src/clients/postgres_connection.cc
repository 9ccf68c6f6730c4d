#include "clients/postgres_connection.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <cstring>
#include <utility>

#include "support/file_descriptor.h"

namespace logbraid {
namespace {

using boost::asio::posix::descriptor_base;

void ignore_notice(void*, const PGresult*) {}

std::string_view state_of(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

// libpq reads what its buffer has room for. The rest of a TLS record has left the socket then, and
// nobody would be told of it.
bool has_more_behind_tls(PGconn* session) {
  auto* const tls = static_cast<SSL*>(PQsslStruct(session, "OpenSSL"));
  return tls != nullptr && SSL_pending(tls) > 0;
}

// The server does not know any more what was prepared (a pooler between, DISCARD ALL), or what it
// prepared has become something else (ALTER TABLE).
bool has_forgotten(std::string_view state) { return state == "26000" || state == "0A000"; }

}  // namespace

PostgresConnection::PostgresConnection(PostgresConnectionOwner& owner, boost::asio::io_context& io,
                                       Timers& timers, const Settings& settings)
    : owner_(owner),
      timers_(timers),
      socket_(io),
      settings_(settings),
      hosts_(settings.hosts, settings.resolver.get()),
      alarm_(*this, &on_alarm) {}

PostgresConnection::~PostgresConnection() {
  timers_.remove(alarm_);
  PQfinish(session_);
}

// --- opening

void PostgresConnection::open() {
  state_ = State::opening;
  worn_out_ = false;
  timers_.set(alarm_, settings_.open_within);
  if (settings_.hosts.empty()) return hosts_found({});
  hosts_.find(*this);
}

void PostgresConnection::hosts_unknown(std::string why) noexcept {
  close({RequestError::transport, std::move(why)});
}

void PostgresConnection::hosts_found(const PostgresTarget::Parameters& hosts) noexcept {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const PostgresTarget::Parameters* const some : {&settings_.parameters, &hosts}) {
    for (const auto& [keyword, value] : *some) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  session_ = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (session_ == nullptr) return close({RequestError::transport, "out of memory"});
  if (PQstatus(session_) == CONNECTION_BAD) return lost();
  PQsetNoticeReceiver(session_, ignore_notice, nullptr);  // else they go to stderr
  PQsetErrorVerbosity(session_, PQERRORS_VERBOSE);
  if (watch()) wait_for(descriptor_base::wait_write);
}

void PostgresConnection::go_on_opening() {
  const PostgresPollingStatusType next = PQconnectPoll(session_);
  if (next == PGRES_POLLING_FAILED) return lost();
  if (!watch()) return;
  if (next == PGRES_POLLING_OK) return opened();
  wait_for(next == PGRES_POLLING_READING ? descriptor_base::wait_read
                                         : descriptor_base::wait_write);
}

void PostgresConnection::opened() {
  // Servers since 14 say so; one that says nothing was told all the same.
  const char* const read_only = PQparameterStatus(session_, "default_transaction_read_only");
  if (read_only != nullptr && std::strcmp(read_only, "on") != 0) {
    return close({RequestError::refused, "the server did not make the session read-only"});
  }
  if (PQsetnonblocking(session_, 1) != 0 || PQenterPipelineMode(session_) != 1) return lost();
  timers_.remove(alarm_);
  state_ = State::open;
  last_used_ = timers_.now();
  timers_.set(alarm_, settings_.idle_timeout);
  wait_for(descriptor_base::wait_read);
  owner_.connection_opened(*this);
}

bool PostgresConnection::watch() {
  boost::system::error_code failure;
  socket_.close(failure);
  const int copy = ::fcntl(PQsocket(session_), F_DUPFD_CLOEXEC, 0);
  if (copy >= 0) socket_.assign(copy, failure);
  if (copy >= 0 && !failure) return true;
  const int number = copy >= 0 ? failure.value() : errno;
  if (copy >= 0) ::close(copy);
  close({RequestError::transport, "the socket cannot be watched: " + errno_text(number)});
  return false;
}

void PostgresConnection::wait_for(descriptor_base::wait_type what) {
  socket_.async_wait(what, [weak = weak_from_this(), what,
                            session = session_number_](boost::system::error_code failure) {
    if (failure == boost::asio::error::operation_aborted) return;
    // Any other failure is found by libpq as well.
    const auto self = weak.lock();
    if (self && self->session_number_ == session) self->ready(what);
  });
}

// --- its end

void PostgresConnection::on_alarm(Timer& timer) noexcept {
  PostgresConnection& self = static_cast<Alarm&>(timer).connection;
  if (self.state_ == State::open) return self.look_after_idle();
  self.close({RequestError::timeout, "no connection within the limit of time"});
}

void PostgresConnection::look_after_idle() {
  if (!under_way_.empty()) last_used_ = timers_.now();
  const TimePoint end = last_used_ + settings_.idle_timeout;
  if (timers_.now() < end) return timers_.set_at(alarm_, end);
  close({RequestError::transport, "closed, since nobody used it"});
}

void PostgresConnection::lost() {
  PostgresFailure why = failure_of(session_);
  if (why.why.empty()) why.why = "the connection was lost";
  close(std::move(why));
}

void PostgresConnection::close(PostgresFailure why) {
  if (state_ == State::closed) return;
  const bool was_open = std::exchange(state_, State::closed) == State::open;
  ++session_number_;
  timers_.remove(alarm_);
  hosts_.forget();
  boost::system::error_code ignored;
  socket_.close(ignored);
  PQfinish(std::exchange(session_, nullptr));
  writing_ = false;
  PostgresLine left = std::exchange(under_way_, {});
  const auto prepared = std::exchange(prepared_, {});  // of those that are left
  owner_.connection_closed(*this, was_open, why);
  while (!left.empty()) {
    PostgresQuery& query = left.pop();
    if (!query.failure) query.failure = why;
    if (query.overdue) query.failure.error = RequestError::timeout;
    owner_.query_returned(query);
  }
}

// --- queries

void PostgresConnection::run(PostgresQuery& query) {
  query.connection = this;
  last_used_ = timers_.now();
  const bool first = under_way_.empty();
  under_way_.push(query);
  if (!send(query)) return lost();
  if (first) expect_front();
  flush();
}

bool PostgresConnection::send(PostgresQuery& query) {
  if (!prepare(query)) return false;
  ++query.prepared->queries;
  values_.clear();
  const char* at = query.parameters.data();
  for (std::size_t i = 0; i < query.statement->parameters; ++i) {
    values_.push_back(at);
    at += std::strlen(at) + 1;
  }
  return PQsendQueryPrepared(session_, query.prepared->name.c_str(),
                             static_cast<int>(values_.size()), values_.data(), nullptr, nullptr,
                             0) == 1 &&
         PQpipelineSync(session_) == 1;
}

// In front of the first query of a statement, without waiting for the answer.
bool PostgresConnection::prepare(PostgresQuery& query) {
  query.step = PostgresQuery::Step::rows;
  bool has_name = true;
  for (const auto& known : prepared_) {
    if (known->statement != query.statement || known->name.empty()) continue;
    if (known->failure) {
      has_name = has_name && !known->is_prepared;
      continue;
    }
    query.prepared = known.get();
    return true;
  }
  prepared_.push_back(std::make_unique<PostgresPrepared>());
  query.prepared = prepared_.back().get();
  query.prepared->statement = query.statement;
  if (has_name) query.prepared->name = "logbraid_" + std::to_string(++prepared_ever_);
  query.step = PostgresQuery::Step::preparing;
  const char* const name = query.prepared->name.c_str();
  return PQsendPrepare(session_, name, query.statement->text.c_str(), 0, nullptr) == 1 &&
         PQsendDescribePrepared(session_, name) == 1;
}

void PostgresConnection::flush() {
  if (state_ != State::open || writing_) return;
  const int left = PQflush(session_);
  if (left < 0) return lost();
  writing_ = left > 0;
  if (writing_) wait_for(descriptor_base::wait_write);
}

void PostgresConnection::ready(descriptor_base::wait_type what) {
  if (state_ == State::opening) return go_on_opening();
  if (what == descriptor_base::wait_write) {
    writing_ = false;
    return flush();
  }
  const std::uint32_t session = session_number_;
  bool fine = true;
  do {
    fine = PQconsumeInput(session_) == 1;
    read_results();
    if (session_number_ != session) return;
  } while (fine && has_more_behind_tls(session_));
  if (!fine || PQstatus(session_) == CONNECTION_BAD) return lost();
  if (worn_out_ && under_way_.empty()) {
    return close({RequestError::transport, "the server forgot what was prepared"});
  }
  wait_for(descriptor_base::wait_read);
}

// Rows come one by one, or a result without end would be gathered in memory. libpq wants to be told
// of each query when it is its turn.
void PostgresConnection::expect_front() {
  if (!under_way_.empty() && under_way_.front()->step == PostgresQuery::Step::rows) {
    PQsetSingleRowMode(session_);
  }
}

void PostgresConnection::read_results() {
  using Step = PostgresQuery::Step;
  const std::uint32_t session = session_number_;
  while (session_number_ == session && !under_way_.empty() && PQisBusy(session_) == 0) {
    const ResultPointer result(PQgetResult(session_));
    PostgresQuery& query = *under_way_.front();
    if (result != nullptr) {
      take(query, result.get());
    } else if (query.step == Step::sync) {
      return lost();  // there is no more
    } else {
      query.step = static_cast<Step>(static_cast<int>(query.step) + 1);
      expect_front();
    }
  }
}

void PostgresConnection::take(PostgresQuery& query, const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_FATAL_ERROR && PQstatus(session_) == CONNECTION_BAD &&
      state_of(result).empty()) {
    return lost();
  }
  PostgresPrepared& prepared = *query.prepared;
  switch (query.step) {
    case PostgresQuery::Step::preparing:
      if (status == PGRES_FATAL_ERROR) prepared.failure = failure_of(result);
      prepared.is_prepared = status == PGRES_COMMAND_OK;
      break;
    case PostgresQuery::Step::describing:
      if (status == PGRES_FATAL_ERROR) prepared.failure = failure_of(result);
      if (status == PGRES_COMMAND_OK) {
        if (auto shape = prepared.statement->shape(result)) {
          prepared.shape = *std::move(shape);
        } else {
          prepared.failure = {RequestError::refused, shape.error().message};
        }
      }
      break;
    case PostgresQuery::Step::rows:
      take_rows(query, result);
      break;
    case PostgresQuery::Step::sync:
      if (status == PGRES_PIPELINE_SYNC) end_front();
      break;
  }
}

void PostgresConnection::take_rows(PostgresQuery& query, const PGresult* result) {
  switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK: {
      const PostgresPrepared& prepared = *query.prepared;
      const std::uint32_t session = session_number_;
      if (prepared.failure) return;
      if (static_cast<std::size_t>(PQnfields(result)) != prepared.shape.types.size()) {
        query.failure = {RequestError::malformed, "a row has other columns than were described"};
        return;
      }
      for (int i = 0; i < PQntuples(result); ++i) {
        if (query.asker == nullptr || session_number_ != session) return;
        query.asker->row_came(query, result, i, prepared.shape);
      }
      break;
    }
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
      query.failure = failure_of(result);
      worn_out_ = worn_out_ || (has_forgotten(state_of(result)) && !query.prepared->failure);
      break;
    default:  // no rows; or passed over, since it could not be prepared
      break;
  }
}

void PostgresConnection::end_front() {
  PostgresQuery& query = under_way_.pop();
  expect_front();
  PostgresPrepared& prepared = *query.prepared;
  if (prepared.failure) query.failure = prepared.failure;
  --prepared.queries;
  const auto last_use = let_go(prepared);  // until whoever asked has been told
  owner_.query_returned(query);
}

// What no further query can use. Of a named one that gives what it should not a note remains, until
// the statement gives what it should.
std::unique_ptr<PostgresPrepared> PostgresConnection::let_go(PostgresPrepared& prepared) {
  if (prepared.queries != 0) return nullptr;
  const bool has_name = !prepared.name.empty();
  if (has_name && (!prepared.failure || prepared.is_prepared)) return nullptr;
  const auto at = std::ranges::find(prepared_, &prepared, &std::unique_ptr<PostgresPrepared>::get);
  auto gone = std::move(*at);
  prepared_.erase(at);
  if (!gone->failure) {
    std::erase_if(prepared_, [&](const auto& one) {
      return one->statement == gone->statement && one->failure && one->queries == 0;
    });
  }
  return gone;
}

}  // namespace logbraid
