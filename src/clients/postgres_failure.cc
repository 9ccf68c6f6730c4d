#include "clients/postgres_failure.h"

#include <algorithm>

#include "clients/sql_row.h"

namespace logbraid {
namespace {

constexpr std::size_t kStateSize = 5;

bool is_state(std::string_view text) {
  return text.size() == kStateSize && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// Of libpq, about bytes that no PostgreSQL sends.
bool is_about_the_protocol(std::string_view message) {
  return message.find("lost synchronization with server") != std::string_view::npos ||
         message.find("expected authentication request") != std::string_view::npos;
}

std::string with_state(std::string_view message, std::string_view state) {
  return sql_message(message) + " (" + std::string(state) + ")";
}

}  // namespace

RequestError postgres_error(std::string_view state) {
  // query_canceled: statement_timeout.
  if (state == "57014") return RequestError::timeout;
  // admin_shutdown, crash_shutdown, idle_session_timeout and the like: the connection ends.
  if (state == "57P01" || state == "57P02" || state == "57P05") return RequestError::transport;
  if (state == "08P01") return RequestError::refused;  // as where parameters are missing
  if (state.starts_with("08")) return RequestError::transport;
  // cannot_connect_now, insufficient resources, and what a standby does when it must catch up.
  if (state == "57P03" || state.starts_with("53") || state == "40001" || state == "40P01") {
    return RequestError::overloaded;
  }
  if (state.starts_with("22")) return RequestError::bad_request;  // the value of a parameter
  return RequestError::refused;
}

PostgresFailure failure_of(const PGresult* result) {
  const auto field = [&](int code) {
    const char* const text = PQresultErrorField(result, code);
    return std::string_view(text == nullptr ? "" : text);
  };
  const std::string_view state = field(PG_DIAG_SQLSTATE);
  if (!is_state(state)) {  // libpq's own: it could not read what came
    return {RequestError::malformed, sql_message(PQresultErrorMessage(result))};
  }
  return {postgres_error(state), with_state(field(PG_DIAG_MESSAGE_PRIMARY), state)};
}

PostgresFailure failure_of(const PGconn* connection) {
  return connection_failure(PQerrorMessage(connection));
}

// `connection to server at "::1", port 5432 failed: FATAL:  57P03: the database system ...`
PostgresFailure connection_failure(std::string_view message) {
  constexpr std::string_view kSeverityEnds = ":  ";
  for (std::size_t at = message.find(kSeverityEnds); at != std::string_view::npos;
       at = message.find(kSeverityEnds, at + 1)) {
    const std::string_view rest = message.substr(at + kSeverityEnds.size());
    const std::string_view state = rest.substr(0, kStateSize);
    if (!is_state(state) || !rest.substr(kStateSize).starts_with(": ")) continue;
    return {postgres_error(state), with_state(rest.substr(kStateSize + 2), state)};
  }
  return {is_about_the_protocol(message) ? RequestError::malformed : RequestError::transport,
          sql_message(message)};
}

}  // namespace logbraid
