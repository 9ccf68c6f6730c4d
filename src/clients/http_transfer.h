#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "clients/http_connections.h"
#include "clients/http_options.h"
#include "logbraid/timer.h"
#include "lookup/request.h"

namespace logbraid {

class HttpTransfer;

class HttpTransferOwner {
 public:
  virtual void transfer_ended(HttpTransfer& transfer, CURLcode code) noexcept = 0;
  // It did not even start.
  virtual void transfer_failed(HttpTransfer& transfer, RequestError error,
                               std::string_view why) noexcept = 0;
  virtual void transfer_over_due(HttpTransfer& transfer) noexcept = 0;

 protected:
  ~HttpTransferOwner() = default;
};

// One request on its way: an easy handle of libcurl that is used again and again, with the buffers
// it reads from and writes to. Options that do not change are set once.
//
// Threads:  the shard's.
// Lifetime: its owner's and its connections'.
class HttpTransfer final : private HttpRun, private HttpNames::Waiter {
 public:
  // Of one request.
  struct Call {
    std::string url;
    std::string body;                  // of a post
    std::vector<std::string> headers;  // "name: value", beside those of the options
  };

  HttpTransfer(HttpTransferOwner& owner, HttpConnections& connections, const HttpOptions& options,
               std::string_view authorization_line);
  virtual ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Starts what stands in `call`, a post or a get, as soon as the names it needs are known.
  void begin(Request& request, bool post);
  // Starts anew where the reply said.
  void follow(const HttpUrl& url);
  // Ends it without a word to anybody; it may begin again.
  void stop();

  Request& request() { return *request_; }
  // Its connection stands: the service has it, or may have it.
  bool connected() const;

  // After transfer_ended().
  long status() const;
  std::string_view reply() const { return reply_; }
  bool over_limit() const { return over_limit_; }        // the reply was
  bool was_forbidden() const { return was_forbidden_; }  // the address was
  long connections_made() const;
  std::string_view error_text(CURLcode code) const;
  std::string_view redirect_url() const;                // empty: none
  Duration retry_after() const;                         // of that header; zero: none, or now
  const HttpOrigin& origin() const { return origin_; }  // where it went
  // A request of the first redirect has the number 1.
  unsigned redirects() const { return redirects_; }

  Call call;

 private:
  struct Due : Timer {
    explicit Due(HttpTransfer& owner)
        : Timer([](Timer& timer) noexcept {
            HttpTransfer& late = static_cast<Due&>(timer).transfer;
            late.owner_.transfer_over_due(late);
          }),
          transfer(owner) {}
    HttpTransfer& transfer;
  };
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  void set_tls(const HttpOptions& options);
  void set_authorities(const std::string& given);
  void set_proxy(const HttpOptions& options);
  void set_headers(bool home);
  void set_method(bool post);
  void start();
  bool is_home() const { return origin_ == options_.origin; }
  const HttpOrigin& connects_to() const;
  std::string_view alias() const;  // what the URL has in that host's place; empty: that host

  void run_ended(CURLcode code) noexcept override;
  void names_known() noexcept override;
  void names_unknown(RequestError error, std::string_view why) noexcept override;

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);

  HttpTransferOwner& owner_;
  HttpConnections& connections_;
  const HttpOptions& options_;
  const HttpOrigin home_;  // as it stands in URLs
  List home_headers_;      // for the origin of the configuration
  List away_headers_;      // for any other
  List call_headers_;      // of one request
  HttpNames::Lesson lesson_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<CURL, FreeEasy> easy_;
  Request* request_ = nullptr;
  HttpOrigin origin_;      // where it goes
  bool post_ = false;      // as it is set
  bool was_away_ = false;  // headers are not those of a first request
  bool waits_ = false;     // for names
  bool runs_ = false;
  bool over_limit_ = false;
  bool was_forbidden_ = false;
  std::uint32_t round_ = 0;  // of refusals
  unsigned redirects_ = 0;
  std::size_t header_bytes_ = 0;
  std::string reply_;

 public:
  Due due{*this};  // for the owner: the time that a request may take beyond its time
};

}  // namespace logbraid
