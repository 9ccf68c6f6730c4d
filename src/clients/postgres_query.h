#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "clients/postgres_failure.h"
#include "clients/postgres_statement.h"
#include "logbraid/timer.h"

namespace logbraid {

class PostgresConnection;  // NOLINT: clang-tidy does not see here that it is final
class PostgresPool;        // NOLINT: the same
struct PostgresPrepared;
struct PostgresQuery;

// Who wants the rows of queries.
class PostgresAsker {
 public:
  // Row number `row` of `rows`; they come in order.
  virtual void row_came(PostgresQuery& query, const PGresult* rows, int row,
                        const PostgresShape& shape) noexcept = 0;
  // All rows have come, or it has failed. The query is the pool's again.
  virtual void query_ended(PostgresQuery& query, const PostgresFailure& failure) noexcept = 0;

 protected:
  ~PostgresAsker() = default;
};

// One run of a statement. It is the pool's, and outlives its asker: what a server sends must be
// read to its end, whoever wants it.
struct PostgresQuery : Timer {
  PostgresQuery(PostgresPool& owner, Fire on_due) : Timer(on_due), pool(owner) {}

  PostgresPool& pool;
  PostgresAsker* asker = nullptr;  // null: nobody wants the rows any more
  std::shared_ptr<const PostgresStatement> statement;
  std::string parameters;  // each ended by a NUL

  // What the asker keeps of it, for itself.
  void* asker_data = nullptr;
  std::size_t asker_number = 0;
  std::size_t received = 0;  // bytes of rows

  // --- the connection's side

  enum class Step : std::uint8_t { preparing, describing, rows, sync };
  Step step = Step::rows;
  bool overdue = false;  // whoever asked has waited as long as he may
  PostgresFailure failure;
  PostgresPrepared* prepared = nullptr;      // of one that has ended well: still valid
  PostgresConnection* connection = nullptr;  // null: it waits for one
  PostgresQuery* previous = nullptr;         // in a line
  PostgresQuery* next = nullptr;
};

// Queries in the order they came.
class PostgresLine {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  PostgresQuery* front() const { return first_; }

  void push(PostgresQuery& query) {
    query.previous = last_;
    query.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &query;
    last_ = &query;
    ++size_;
  }
  void remove(PostgresQuery& query) {
    (query.previous == nullptr ? first_ : query.previous->next) = query.next;
    (query.next == nullptr ? last_ : query.next->previous) = query.previous;
    --size_;
  }
  PostgresQuery& pop() {
    PostgresQuery& query = *first_;
    remove(query);
    return query;
  }

 private:
  PostgresQuery* first_ = nullptr;
  PostgresQuery* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace logbraid
