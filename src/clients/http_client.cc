#include "clients/http_client.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "core/json_text.h"
#include "resilience/shard_part.h"

namespace logbraid {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// "503 Service Unavailable"
std::string status_text(long status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  std::string text = std::to_string(status);
  if (known == boost::beast::http::status::unknown) return text;
  const auto reason = boost::beast::http::obsolete_reason(known);
  return text.append(" ").append(reason.data(), reason.size());
}

RequestError error_of_status(long status) {
  if (status == 429 || status == 503) return RequestError::overloaded;
  if (status >= 500) return RequestError::refused;
  return RequestError::bad_request;
}

RequestError error_of_code(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:  // the only limit that libcurl has is that of connecting
      return RequestError::timeout;
    case CURLE_PARTIAL_FILE:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // what answers speaks no HTTP, or that of 1991
      return RequestError::malformed;
    case CURLE_URL_MALFORMAT:
      return RequestError::bad_request;
    default:
      return RequestError::transport;
  }
}

bool is_success(long status) { return status >= 200 && status < 300; }
bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}
// Says that there is nothing of that key.
bool is_absence(long status) { return status == 404 || status == 410 || status == 204; }

std::shared_ptr<HttpConnections> shared_connections(const LookupSurroundings& surroundings,
                                                    const HttpOptions& options) {
  return surroundings.shared.get<HttpConnections>(options.connection_key(), [&] {
    return std::make_shared<HttpConnections>(
        surroundings, part_of_shard(options.connections, surroundings.shard, surroundings.shards),
        options.idle_timeout, options.refuses);
  });
}

std::shared_ptr<JsonDocument> shared_document(const LookupSurroundings& surroundings) {
  return surroundings.shared.get<JsonDocument>("", [] { return std::make_shared<JsonDocument>(); });
}

}  // namespace

HttpClient::HttpClient(const LookupSurroundings& surroundings,
                       std::shared_ptr<const HttpOptions> options, std::string_view authorization)
    : surroundings_(surroundings),
      options_(std::move(options)),
      authorization_line_(authorization.empty() ? std::string()
                                                : "Authorization: " + std::string(authorization)),
      service_(options_->origin.name()),
      url_start_(options_->origin.url(options_->url_host())),
      connections_(shared_connections(surroundings, *options_)),
      reply_(options_->reply, shared_document(surroundings)) {}

HttpClient::~HttpClient() {
  for (const auto& transfer : all_) surroundings_.timers.remove(transfer->due);
}

HttpTransfer& HttpClient::take() {
  if (free_.empty()) {
    HttpTransferOwner& owner = *this;
    all_.push_back(
        std::make_unique<HttpTransfer>(owner, *connections_, *options_, authorization_line_));
    free_.push_back(all_.back().get());
  }
  HttpTransfer& transfer = *free_.back();
  free_.pop_back();
  return transfer;
}

// By way of the proxy, where there is one.
void HttpClient::warm_up() noexcept {
  if (!connections_->may_warm_up()) return;
  if (!options_->warm_up.empty()) return ask_ahead();
  if (options_->proxy) {
    connections_->spare().open(options_->proxy->origin, {});
  } else {
    connections_->spare().open(options_->origin, options_->server_name);
  }
}

// Whatever comes of it: what is wrong the first request will tell.
void HttpClient::ask_ahead() {
  Request& request = ahead_.request;
  request.begin();
  request.add({});
  HttpTransfer& transfer = take();
  transfer.call.url = url_start_ + options_->warm_up;
  surroundings_.timers.set(transfer.due, surroundings_.timeout);
  transfer.begin(request, false);
}

void HttpClient::send(Request& request) noexcept {
  const HttpRefusals& refusals = connections_->refusals();
  if (const std::string_view answer = refusals.answer(); !answer.empty() && !request.is_probe()) {
    request.leave_alone_for(refusals.left());
    return request.finish(RequestError::transport, service_ + ": " + std::string(answer));
  }
  HttpTransfer& transfer = take();
  std::string_view why;
  if (!prepare(request, transfer.call, why)) {
    free_.push_back(&transfer);
    request.finish(RequestError::bad_request, service_ + ": " + std::string(why));
    return;
  }
  request.client_data = &transfer;
  transfer.begin(request, options_->post);
}

bool HttpClient::prepare(const Request& request, HttpTransfer::Call& call,
                         std::string_view& why) const {
  call.url = url_start_;
  if (options_->reply.bulk) {
    call.url += options_->target;
    return add_keys(request, call.body, why);
  }
  const std::string_view key = request.key(0);
  call.url += options_->key.key_part(key, 0);
  if (options_->body_part) {
    call.body = options_->key.key_part(key, *options_->body_part);
  } else {
    call.body = options_->body;
  }
  call.headers.clear();
  for (const auto& [name, part] : options_->event_headers) {
    const std::string_view value = options_->key.key_part(key, part);
    // A line end would begin a header of the event's own making.
    if (std::ranges::any_of(value, is_control)) {
      why = "a control character in the value of a header";
      return false;
    }
    call.headers.push_back(value.empty() ? name + ";" : name + ": " + std::string(value));
  }
  return true;
}

bool HttpClient::add_keys(const Request& request, std::string& body, std::string_view& why) const {
  const HttpBulk& bulk = *options_->reply.bulk;
  body = bulk.body_start;
  for (std::size_t row = 0; row < request.size(); ++row) {
    if (row != 0) body += ',';
    if (!bulk.numbers) {
      append_json_string(body, request.key(row));
    } else if (is_json_number(request.key(row))) {
      body += request.key(row);
    } else {
      why = "a key is no number";
      return false;
    }
  }
  body += bulk.body_end;
  return true;
}

void HttpClient::cancel(Request& request) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(request.client_data);
  // An answer may still come, and is good for the next who asks. A connection that does not come
  // about is good for nobody.
  if (transfer.connected()) {
    surroundings_.timers.set(transfer.due, surroundings_.timeout);
  } else {
    transfer_over_due(transfer);
  }
}

void HttpClient::transfer_over_due(HttpTransfer& transfer) noexcept {
  const bool connected = transfer.connected();
  transfer.stop();
  if (!connected) surroundings_.recorder.connections_failed.add(1);
  finish(transfer, RequestError::timeout,
         connected ? "no answer in time" : "no connection in time");
}

void HttpClient::transfer_failed(HttpTransfer& transfer, RequestError error,
                                 std::string_view why) noexcept {
  finish(transfer, error, why);
}

void HttpClient::transfer_ended(HttpTransfer& transfer, CURLcode code) noexcept {
  if (!transfer.connected()) {
    surroundings_.recorder.connections_failed.add(1);
  } else if (const long made = transfer.connections_made(); made > 0) {
    surroundings_.recorder.connections_opened.add(static_cast<std::uint64_t>(made));
  }
  if (code == CURLE_OK) {
    answered(transfer);
  } else {
    broken(transfer, code);
  }
}

void HttpClient::broken(HttpTransfer& transfer, CURLcode code) {
  if (transfer.over_limit()) {
    return finish(transfer, RequestError::oversize, "its reply is over the limit (max_reply)");
  }
  if (transfer.was_forbidden()) {
    return finish(transfer, RequestError::bad_request,
                  "a private address, which forbid_private refuses");
  }
  if (code == CURLE_COULDNT_CONNECT) {
    transfer.request().leave_alone_for(connections_->refusals().left());
  }
  finish(transfer, error_of_code(code), transfer.error_text(code));
}

void HttpClient::answered(HttpTransfer& transfer) {
  Request& request = transfer.request();
  const long status = transfer.status();
  if (is_redirect(status)) return redirected(transfer);
  if (is_absence(status) && !options_->reply.bulk) {
    request.not_found(0);
    return finish(transfer);
  }
  if (!is_success(status)) {
    const RequestError error = error_of_status(status);
    if (error == RequestError::overloaded) request.leave_alone_for(transfer.retry_after());
    return finish(transfer, error, status_text(status));
  }
  std::string why;
  if (!reply_.read(transfer.reply(), request, why)) {
    return finish(transfer, RequestError::malformed, why);
  }
  finish(transfer);
}

void HttpClient::redirected(HttpTransfer& transfer) {
  const std::string status = status_text(transfer.status());
  if (transfer.redirects() == options_->redirects) {
    return finish(
        transfer, RequestError::bad_request,
        status + (options_->redirects == 0 ? ", and redirects are not followed (redirects)"
                                           : ", one redirect too many (redirects)"));
  }
  const auto url = HttpUrl::parse(transfer.redirect_url());
  if (!url || !url->user_info.empty()) {
    return finish(transfer, RequestError::bad_request, status + " to no URL that can be followed");
  }
  if (transfer.origin().tls && !url->origin.tls) {
    return finish(transfer, RequestError::bad_request, status + " from https to http");
  }
  transfer.follow(*url);
}

void HttpClient::finish(HttpTransfer& transfer, RequestError error, std::string_view why) {
  surroundings_.timers.remove(transfer.due);
  Request& request = transfer.request();
  std::string sentence;
  if (error != RequestError::none) {
    sentence = service_;
    if (transfer.redirects() != 0) sentence += " (redirected to " + transfer.origin().name() + ")";
    sentence += ": ";
    sentence += why;
  }
  free_.push_back(&transfer);
  request.finish(error, sentence);
}

}  // namespace logbraid
