#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/value.h"
#include "lookup/answer.h"

namespace logbraid {

// Why a request brought no answers. What a circuit breaker counts, and what is worth a retry.
enum class RequestError : std::uint8_t {
  none,
  transport,   // no connection, or it broke
  timeout,     // the client's own limit
  overloaded,  // told to come again: HTTP 429 and 503, Redis LOADING and BUSY
  refused,     // an answer that says no: HTTP 5xx, an error of the server
  malformed,   // an answer that cannot be read
  oversize,    // over the limit of a reply
  bad_request  // our fault, or the key's: HTTP 4xx. Does not speak against the service.
};
std::string_view to_string(RequestError error);

class Request;

// Who wants to know how a request ended: the request path.
class RequestOwner {
 public:
  virtual void request_ended(Request& request) noexcept = 0;

 protected:
  ~RequestOwner() = default;
};

// A list of keys on its way to a service, and the answers on their way back. The client reads the
// keys, says for each row what it is, and calls finish() once.
//
// Threads: the shard's.
class Request {
 public:
  enum class Row : std::uint8_t { unset, found, not_found, error };

  explicit Request(RequestOwner& owner) : owner_(owner) {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::size_t size() const { return rows_.size(); }
  // Valid until finish().
  std::string_view key(std::size_t row) const { return rows_[row].key; }

  // --- the client's side

  // Begins the answer of a row; value() adds to it until another row begins. A row that is begun
  // again starts anew. One without values counts as not found.
  void found(std::size_t row);
  // `field`: an index into the enricher's list of fields. Absent values are left out.
  void value(std::uint16_t field, const Value& value) { append_answer(bytes_, field, value); }
  void not_found(std::size_t row);
  // This row alone has failed; `why` is copied.
  void failed(std::size_t row, std::string_view why);
  // How long the answer of a row is good for, found or not, where the service says so itself.
  void keep_for(std::size_t row, Duration time) { rows_[row].ttl = time; }
  // Once, and the last thing: the request may be used again from within. Rows that are unset are
  // errors.
  void finish() { finish(RequestError::none, {}); }
  // The service wants to be left alone for so long: the request is not sent again before. Of an end
  // that is a failure.
  void leave_alone_for(Duration time) { leave_alone_for_ = time; }
  // Failed as a whole: rows that are set keep their answers. `why` is copied: a sentence that names
  // the service ("users.example: 503 Service Unavailable").
  void finish(RequestError error, std::string_view why);

  // It decides whether a service that failed is asked again.
  bool is_probe() const { return probe_; }

  // What the client keeps of it while it is under way, for it alone.
  void* client_data = nullptr;
  std::uint64_t client_number = 0;

  // --- the request path's side

  void begin(bool probe = false);
  void add(std::string_view key) { rows_.push_back({key}); }
  // A row whose encoded answer is known.
  void found_as(std::size_t row, std::string_view answer) {
    found(row);
    bytes_ += answer;
  }
  RequestError error() const { return error_; }
  std::string_view why() const { return why_; }
  Duration leave_alone_for() const { return leave_alone_for_; }
  Row row(std::size_t row) const { return rows_[row].what; }
  std::optional<Duration> ttl(std::size_t row) const { return rows_[row].ttl; }
  // Of a row that is found: the encoded answer; of one that failed: why.
  std::string_view answer(std::size_t row) const {
    return std::string_view(bytes_).substr(rows_[row].first, rows_[row].size);
  }

 private:
  struct Entry {
    std::string_view key;
    Row what = Row::unset;
    std::size_t first = 0;
    std::size_t size = 0;
    std::optional<Duration> ttl = {};
  };
  static constexpr std::size_t kNone = SIZE_MAX;
  void close_row();

  RequestOwner& owner_;
  std::vector<Entry> rows_;
  std::string bytes_;
  std::size_t open_ = kNone;  // the row that value() adds to
  RequestError error_ = RequestError::none;
  std::string why_;
  Duration leave_alone_for_{};
  bool probe_ = false;
};

// How the keys of one enricher become answers, on one shard: the part of a look-up that knows a
// protocol. Connections to the same endpoint may be shared with other clients.
//
// Threads:  the shard's.
// Lifetime: destroyed before the requests that it has; those it does not finish any more.
// Errors:   ends of requests.
// Blocking: never.
class Client {
 public:
  virtual ~Client() = default;
  // Begins a request of at least one key; exactly one finish() follows, from within or later. It
  // sets itself no limit of time for the answer: cancel() comes when the time is over. Where the
  // service was not there a moment ago it may fail at once; but a probe is sent.
  virtual void send(Request& request) noexcept = 0;
  // Nobody waits any more: it has taken as long as it may. finish() must come all the same, from
  // within or within as long again; an answer that comes until then is welcome, for the cache.
  virtual void cancel(Request& request) noexcept = 0;
  // Opens what the first requests will need, before there are any.
  virtual void warm_up() noexcept {}
};

}  // namespace logbraid
