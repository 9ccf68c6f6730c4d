#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients/http_connections.h"
#include "clients/http_options.h"
#include "clients/http_reply.h"
#include "clients/http_transfer.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid {

// Asks an HTTP service: each request of the look-up layer is one of HTTP.
//
// Threads, lifetime, errors, blocking: a Client's.
class HttpClient final : public Client, private HttpTransferOwner {
 public:
  // `authorization`: the value of that header; empty: none.
  HttpClient(const LookupSurroundings& surroundings, std::shared_ptr<const HttpOptions> options,
             std::string_view authorization);
  ~HttpClient() override;

  void send(Request& request) noexcept override;
  void cancel(Request& request) noexcept override;
  void warm_up() noexcept override;

 private:
  // Of the request whose answer nobody waits for.
  struct Ahead final : RequestOwner {
    void request_ended(Request&) noexcept override {}
    Request request{*this};
  };

  HttpTransfer& take();
  void ask_ahead();
  // False: an event's value cannot be sent; `why` says so.
  bool prepare(const Request& request, HttpTransfer::Call& call, std::string_view& why) const;
  bool add_keys(const Request& request, std::string& body, std::string_view& why) const;

  void transfer_ended(HttpTransfer& transfer, CURLcode code) noexcept override;
  void transfer_failed(HttpTransfer& transfer, RequestError error,
                       std::string_view why) noexcept override;
  void transfer_over_due(HttpTransfer& transfer) noexcept override;
  void broken(HttpTransfer& transfer, CURLcode code);
  void answered(HttpTransfer& transfer);
  void redirected(HttpTransfer& transfer);
  // Its transfer is free again from here on.
  void finish(HttpTransfer& transfer, RequestError error = RequestError::none,
              std::string_view why = {});

  const LookupSurroundings surroundings_;
  const std::shared_ptr<const HttpOptions> options_;
  const std::string authorization_line_;
  const std::string service_;  // as messages name it
  const std::string url_start_;
  const std::shared_ptr<HttpConnections> connections_;
  HttpReply reply_;
  Ahead ahead_;
  std::vector<std::unique_ptr<HttpTransfer>> all_;  // before connections_ to go
  std::vector<HttpTransfer*> free_;
};

}  // namespace logbraid
