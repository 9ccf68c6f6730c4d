#include "clients/http_transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace logbraid {
namespace {

// Headers of one reply; a service that sends more means no good.
constexpr std::size_t kMostHeaderBytes = 64 * 1024;

// A service that wants to be left alone for longer is taken at this.
constexpr std::chrono::hours kLongestRetryAfter{24};

// How soon it is noticed that the file of authorities was replaced.
constexpr std::chrono::seconds kAuthoritiesKept{60};

constexpr bool kHome = true;
constexpr bool kAway = false;

HttpOrigin url_origin(const HttpOptions& options) {
  HttpOrigin origin = options.origin;
  origin.host = options.url_host();
  return origin;
}

template <class List>
void append(List& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  [[maybe_unused]] auto* const same = list.release();
  list.reset(longer);
}

// "name: value" as libcurl wants it: without a value it takes a semicolon, or it is left out.
std::string header_line(const std::string& name, const std::string& value) {
  return value.empty() ? name + ";" : name + ": " + value;
}

std::optional<IpAddress> address_of(const curl_sockaddr& socket_address) {
  IpAddress address;
  if (socket_address.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &socket_address.addr, sizeof v4);
    address.is_v4 = true;
    std::memcpy(address.bytes.data(), &v4.sin_addr, 4);
    return address;
  }
  if (socket_address.family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &socket_address.addr, std::min<std::size_t>(sizeof v6, socket_address.addrlen));
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(&v6.sin6_addr, kMapped.data(), kMapped.size()) == 0) {
    address.is_v4 = true;
    std::memcpy(address.bytes.data(), v6.sin6_addr.s6_addr + kMapped.size(), 4);
  } else {
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  }
  return address;
}

}  // namespace

HttpTransfer::HttpTransfer(HttpTransferOwner& owner, HttpConnections& connections,
                           const HttpOptions& options, std::string_view authorization_line)
    : owner_(owner),
      connections_(connections),
      options_(options),
      home_(url_origin(options)),
      easy_(curl_easy_init()),
      post_(options.post) {
  if (easy_ == nullptr) throw std::bad_alloc();
  append(away_headers_, "Accept: application/json");
  append(home_headers_, "Accept: application/json");
  if (options.post) {
    for (List* const headers : {&away_headers_, &home_headers_}) {
      append(*headers, "Content-Type: " + options.content_type);
      append(*headers, "Expect:");  // a body is short: do not ask first whether it may come
    }
  }
  if (!options.server_name.empty()) append(home_headers_, "Host: " + options.origin.name());
  if (!authorization_line.empty()) append(home_headers_, std::string(authorization_line));
  for (const auto& [name, value] : options.headers) {
    append(home_headers_, header_line(name, value));
  }

  set(CURLOPT_PRIVATE, static_cast<void*>(static_cast<HttpRun*>(this)));
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_open);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);  // HttpClient follows: addresses and headers are its to choose
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_USERAGENT, "logbraid");
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  if (options.connect_timeout) {
    set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(
            std::chrono::ceil<std::chrono::milliseconds>(*options.connect_timeout).count()));
  }
  // Those that others let lie: what is too old is closed when the next request wants one.
  set(CURLOPT_MAXAGE_CONN,
      static_cast<long>(std::chrono::ceil<std::chrono::seconds>(options.idle_timeout).count()));
  connections.prepare(easy_.get());
  set_tls(options);
  set_proxy(options);
  set_headers(kHome);
  set(CURLOPT_POST, options.post ? 1L : 0L);
}

HttpTransfer::~HttpTransfer() { stop(); }

void HttpTransfer::set_tls(const HttpOptions& options) {
  const bool http2 = options.http2 && options.origin.tls;
  set(CURLOPT_HTTP_VERSION,
      http2 ? static_cast<long>(CURL_HTTP_VERSION_2TLS) : static_cast<long>(CURL_HTTP_VERSION_1_1));
  // Whether requests can share a connection is known when the first one stands.
  set(CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYPEER, options.verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, options.verify ? 2L : 0L);
  set_authorities(options.ca_file);
  if (!options.certificate.empty()) set(CURLOPT_SSLCERT, options.certificate.c_str());
  if (!options.private_key.empty()) set(CURLOPT_SSLKEY, options.private_key.c_str());
}

// Who is trusted stands in one file. libcurl would search a directory of the system's beside it:
// that one would vouch for services, too, where a file was given, and the file would be read anew
// for each connection, the system's in 30 ms of the shard's time.
void HttpTransfer::set_authorities(const std::string& given) {
  const char* file = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_CAINFO, &file);
  if (!given.empty()) file = given.c_str();
  if (file != nullptr) {
    set(CURLOPT_CAINFO, file);
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_CA_CACHE_TIMEOUT, static_cast<long>(kAuthoritiesKept.count()));
}

void HttpTransfer::set_proxy(const HttpOptions& options) {
  // Set, even to nothing: else libcurl asks the environment.
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_PROXY, options.proxy ? options.proxy->origin.url().c_str() : "");
  if (options.proxy && !options.proxy->user_info.empty()) {
    set(CURLOPT_PROXYUSERPWD, options.proxy->user_info.c_str());
  }
}

void HttpTransfer::set_headers(bool home) {
  set(CURLOPT_HTTPHEADER, home ? home_headers_.get() : away_headers_.get());
}

void HttpTransfer::set_method(bool post) {
  if (post == post_) return;
  post_ = post;
  set(post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
}

void HttpTransfer::begin(Request& request, bool post) {
  request_ = &request;
  redirects_ = 0;
  origin_ = options_.origin;
  if (std::exchange(was_away_, false)) set_headers(kHome);
  set_method(post);
  if (!call.headers.empty()) {
    call_headers_.reset();
    for (curl_slist* at = home_headers_.get(); at != nullptr; at = at->next) {
      append(call_headers_, at->data);
    }
    for (const std::string& line : call.headers) append(call_headers_, line);
    set(CURLOPT_HTTPHEADER, call_headers_.get());
  }
  set(CURLOPT_URL, call.url.c_str());
  if (post) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.c_str());
  }
  start();
}

void HttpTransfer::follow(const HttpUrl& url) {
  ++redirects_;
  const long code = status();
  // As browsers do: what 301 and 302 made of a post has never been kept.
  if (code == 301 || code == 302 || code == 303) set_method(false);
  was_away_ = true;
  // By either of its names the service is the same.
  origin_ = url.origin == home_ ? options_.origin : url.origin;
  // What proves who we are goes to the origin of the configuration alone.
  if (!is_home()) set_headers(kAway);
  set(CURLOPT_URL, ((is_home() ? home_ : origin_).url() + url.target).c_str());
  start();
}

void HttpTransfer::start() {
  reply_.clear();
  header_bytes_ = 0;
  over_limit_ = false;
  was_forbidden_ = false;
  error_.front() = '\0';
  waits_ = true;
  round_ = connections_.refusals().round();
  if (connections_.names().know(connects_to(), alias(), *this)) names_known();
}

// A proxy resolves the names of others itself.
const HttpOrigin& HttpTransfer::connects_to() const {
  return options_.proxy ? options_.proxy->origin : origin_;
}

std::string_view HttpTransfer::alias() const {
  return !options_.proxy && is_home() ? options_.server_name : std::string_view();
}

void HttpTransfer::names_known() noexcept {
  if (!std::exchange(waits_, false)) return;
  connections_.names().teach(easy_.get(), lesson_);
  runs_ = true;
  connections_.start(easy_.get());
}

void HttpTransfer::names_unknown(RequestError error, std::string_view why) noexcept {
  if (std::exchange(waits_, false)) owner_.transfer_failed(*this, error, why);
}

void HttpTransfer::run_ended(CURLcode code) noexcept {
  runs_ = false;
  HttpNames& names = connections_.names();
  names.taught(lesson_);
  if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) {
    names.doubt(connects_to(), alias());
  }
  const bool home = options_.proxy || is_home();
  if (code == CURLE_COULDNT_CONNECT && home && !was_forbidden_) {
    connections_.refusals().refused(round_, error_text(code));
  } else if (code == CURLE_OK || connected()) {
    connections_.refusals().reached();
  }
  owner_.transfer_ended(*this, code);
}

void HttpTransfer::stop() {
  if (std::exchange(waits_, false)) connections_.names().forget(*this);
  if (!std::exchange(runs_, false)) return;
  if (!connected()) connections_.names().doubt(connects_to(), alias());
  connections_.stop(easy_.get());
}

bool HttpTransfer::connected() const {
  if (waits_) return false;
  curl_off_t sending_began = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &sending_began);
  return sending_began > 0;
}

long HttpTransfer::status() const {
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  return code;
}

long HttpTransfer::connections_made() const {
  long count = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &count);
  return count;
}

std::string_view HttpTransfer::error_text(CURLcode code) const {
  return error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
}

std::string_view HttpTransfer::redirect_url() const {
  const char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &url);
  return url == nullptr ? "" : url;
}

// Seconds or a date, which libcurl reads; of what is neither, and of a date that is past, nothing
// is left.
Duration HttpTransfer::retry_after() const {
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &seconds);
  constexpr curl_off_t kMost = std::chrono::seconds(kLongestRetryAfter).count();
  return std::chrono::seconds(std::clamp(seconds, curl_off_t{0}, kMost));
}

std::size_t HttpTransfer::on_body(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (count > transfer.options_.max_reply - transfer.reply_.size()) {
    transfer.over_limit_ = true;
    return 0;
  }
  transfer.reply_.append(data, count);
  return count;
}

std::size_t HttpTransfer::on_header(char*, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.header_bytes_ += count;
  if (transfer.header_bytes_ <= kMostHeaderBytes) return count;
  transfer.over_limit_ = true;
  return 0;
}

// The last word on where a connection goes: names may have changed since they were looked at.
curl_socket_t HttpTransfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (transfer.options_.refuses != nullptr) {
    const std::optional<IpAddress> to = address_of(*address);
    if (!to || transfer.options_.refuses(*to)) {
      transfer.was_forbidden_ = true;
      return CURL_SOCKET_BAD;
    }
  }
  const curl_socket_t ready = transfer.connections_.spare().take(*address);
  if (ready != CURL_SOCKET_BAD) return ready;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace logbraid
