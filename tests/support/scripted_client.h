#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid::test {

// A service that the test plays: what it is asked is written down, what it answers the test says.
//
// Threads: one; for a client on several shards, one service a shard.
class ScriptedService {
 public:
  struct Asked {
    Request* request;
    std::vector<std::string> keys;
    bool cancelled = false;
  };

  std::function<std::unique_ptr<Client>(const LookupSurroundings&)> maker() {
    return [this](const LookupSurroundings&) { return std::make_unique<Scripted>(*this); };
  }

  // Under way, in the order sent.
  std::vector<Asked>& under_way() { return under_way_; }
  // The keys of all requests there ever were.
  const std::vector<std::vector<std::string>>& sent() const { return sent_; }
  std::size_t keys_sent() const {
    std::size_t keys = 0;
    for (const auto& request : sent_) keys += request.size();
    return keys;
  }

  // Ends a request: each key is found, with itself in field 0.
  void answer(std::size_t which = 0) {
    Request& request = take(which);
    for (std::size_t row = 0; row < request.size(); ++row) {
      request.found(row);
      request.value(0, request.key(row));
    }
    request.finish();
  }
  void answer_not_found(std::size_t which = 0) {
    Request& request = take(which);
    for (std::size_t row = 0; row < request.size(); ++row) request.not_found(row);
    request.finish();
  }
  void fail(RequestError error = RequestError::transport, std::string_view why = "it is down",
            std::size_t which = 0) {
    take(which).finish(error, why);
  }
  // For what is none of these; the test finishes it.
  Request& take(std::size_t which = 0) {
    Request& request = *under_way_.at(which).request;
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(which));
    return request;
  }

  // Called from within send(), when the request stands in under_way().
  std::function<void()> on_send;

 private:
  class Scripted final : public Client {
   public:
    explicit Scripted(ScriptedService& service) : service_(service) {}
    ~Scripted() override { service_.under_way_.clear(); }
    void send(Request& request) noexcept override {
      Asked asked{&request, {}};
      for (std::size_t i = 0; i < request.size(); ++i) asked.keys.emplace_back(request.key(i));
      service_.sent_.push_back(asked.keys);
      service_.under_way_.push_back(std::move(asked));
      if (service_.on_send) service_.on_send();
    }
    void cancel(Request& request) noexcept override {
      for (Asked& asked : service_.under_way_) {
        if (asked.request == &request) asked.cancelled = true;
      }
    }

   private:
    ScriptedService& service_;
  };

  std::vector<Asked> under_way_;
  std::vector<std::vector<std::string>> sent_;
};

}  // namespace logbraid::test
