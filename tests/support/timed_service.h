#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid::test {

// A service that answers each request after a while, each key with itself in field 0, unless the
// key begins with "no" (there is none), "bad" (an error of its own) or "hang" (never, until it is
// cancelled). It can be switched off: then every request fails at once.
//
// Threads: its clients those of their loops; its members any.
class TimedService {
 public:
  explicit TimedService(Duration takes) : latency(takes) {}

  std::function<std::unique_ptr<Client>(const LookupSurroundings&)> maker() {
    return [this](const LookupSurroundings& surroundings) {
      return std::make_unique<Timed>(*this, surroundings.timers);
    };
  }

  const Duration latency;
  std::atomic<bool> down{false};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> keys{0};
  // Requests, at one client.
  std::atomic<std::uint64_t> most_at_once{0};

 private:
  class Timed final : public Client {
   public:
    Timed(TimedService& service, Timers& timers) : service_(service), timers_(timers) {}
    ~Timed() override {
      for (Answer* const answer : open_) {
        timers_.remove(*answer);
        delete answer;
      }
    }
    void send(Request& request) noexcept override {
      ++service_.requests;
      service_.keys += request.size();
      if (service_.down) {
        request.finish(RequestError::transport, "the service is down");
        return;
      }
      auto* const answer = new Answer(*this, request);
      open_.insert(answer);
      request.client_data = answer;
      if (open_.size() > service_.most_at_once) service_.most_at_once = open_.size();
      if (!request.key(0).starts_with("hang")) timers_.set(*answer, service_.latency);
    }
    void cancel(Request& request) noexcept override {
      auto* const answer = static_cast<Answer*>(request.client_data);
      // One that is slow is on its way all the same.
      if (request.key(0).starts_with("hang")) give(*answer, RequestError::timeout);
    }

   private:
    struct Answer : Timer {
      Answer(Timed& whose, Request& what)
          : Timer([](Timer& timer) noexcept {
              auto& self = static_cast<Answer&>(timer);
              self.client.give(self, RequestError::none);
            }),
            client(whose),
            request(what) {}
      Timed& client;
      Request& request;
    };

    void give(Answer& answer, RequestError error) {
      Request& request = answer.request;
      open_.erase(&answer);
      timers_.remove(answer);
      delete &answer;
      for (std::size_t row = 0; row < request.size() && error == RequestError::none; ++row) {
        const std::string_view key = request.key(row);
        if (key.starts_with("no")) {
          request.not_found(row);
        } else if (key.starts_with("bad")) {
          request.failed(row, "this key is bad");
        } else {
          request.found(row);
          request.value(0, key);
        }
      }
      request.finish(error, error == RequestError::none ? "" : "cancelled");
    }

    TimedService& service_;
    Timers& timers_;
    std::set<Answer*> open_;
  };
};

}  // namespace logbraid::test
