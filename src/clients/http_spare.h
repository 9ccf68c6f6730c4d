#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "async/timers.h"
#include "clients/http_names.h"
#include "clients/http_origin.h"
#include "logbraid/timer.h"

namespace logbraid {

// A TCP connection that is made before there is a request for it. libcurl has no call for that; but
// it says when it is about to make one, and takes a socket that is connected already
// (http_client.md).
//
// Threads:  the shard's.
// Lifetime: what the io_context still holds of it when it goes does nothing.
// Errors:   where it does not come about there is none, and libcurl makes one and says why not.
// Blocking: never.
class HttpSpare final : private HttpNames::Waiter {
 public:
  // Services close connections on which no request comes; nginx after 60 s.
  static constexpr Duration kLongest = std::chrono::seconds(30);

  HttpSpare(boost::asio::io_context& io, Timers& timers, HttpNames& names);
  virtual ~HttpSpare();
  HttpSpare(const HttpSpare&) = delete;
  HttpSpare& operator=(const HttpSpare&) = delete;

  // Makes one, where none is there. `alias`: as HttpNames wants it.
  void open(const HttpOrigin& to, std::string_view alias);
  // The one that goes there, as the caller's; CURL_SOCKET_BAD where there is none, or the service
  // has closed it.
  curl_socket_t take(const curl_sockaddr& to);

 private:
  struct Attempt;
  struct Age : Timer {
    explicit Age(HttpSpare& owner)
        : Timer([](Timer& timer) noexcept { static_cast<Age&>(timer).spare.close(); }),
          spare(owner) {}
    HttpSpare& spare;
  };

  void close();
  void names_known() noexcept override;
  void names_unknown(RequestError error, std::string_view why) noexcept override;

  boost::asio::io_context& io_;
  Timers& timers_;
  HttpNames& names_;
  HttpOrigin to_;
  std::string alias_;
  std::shared_ptr<Attempt> attempt_;  // connecting or connected
  Age age_{*this};
};

}  // namespace logbraid
