#include "tests/support/random_lookup.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lookup/cached_lookup.h"
#include "lookup/request.h"
#include "tests/support/scripted_enricher.h"

namespace logbraid::test {
namespace {

bool is_refused(const Act& act) {
  return act.ending == Ending::bad_event || act.ending == Ending::throws_int;
}

// The service of one node, on one shard.
class RandomClient final : public Client {
 public:
  RandomClient(const RandomNode& node, RandomRun& run, Timers& timers)
      : node_(node), run_(run), timers_(timers) {}
  ~RandomClient() override {
    for (const auto& reply : replies_) timers_.remove(*reply);
  }

  void send(Request& request) noexcept override {
    run_.ledger.request(node_.name);
    Reply& reply = take(request);
    std::uint32_t delay = 0;
    for (std::size_t row = 0; row < request.size(); ++row) {
      const Act act = node_.act_for(request.key(row));
      if (act.hang != Act::Hang::no) return;
      delay = std::max(delay, act.delay);
    }
    if (delay == 0) {
      give(reply);
    } else {
      timers_.set(reply, delay * run_.unit);
    }
  }

  // Others have a limit that they do not come to.
  void cancel(Request& request) noexcept override {
    auto& reply = *static_cast<Reply*>(request.client_data);
    reply.cancelled = true;
    if (node_.late) {
      timers_.set(reply, std::min(2 * run_.unit, kHangLimit));
    } else {
      give(reply);
    }
  }

 private:
  struct Reply : Timer {
    Reply(RandomClient& whose, Fire on_due) : Timer(on_due), client(whose) {}
    RandomClient& client;
    Request* request = nullptr;
    bool cancelled = false;
  };

  Reply& take(Request& request) {
    if (free_.empty()) {
      replies_.push_back(std::make_unique<Reply>(*this, [](Timer& timer) noexcept {
        auto& reply = static_cast<Reply&>(timer);
        reply.client.give(reply);
      }));
      free_.push_back(replies_.back().get());
    }
    Reply& reply = *free_.back();
    free_.pop_back();
    reply.request = &request;
    reply.cancelled = false;
    request.client_data = &reply;
    return reply;
  }

  void give(Reply& reply) {
    Request& request = *reply.request;
    const bool cancelled = reply.cancelled;
    free_.push_back(&reply);
    if (cancelled && !node_.late) {
      request.finish(RequestError::timeout, "told to stop");
    } else if (const RequestError error = error_of(request); error != RequestError::none) {
      for (std::size_t row = 0; row < request.size(); ++row) {
        ++attempts_[std::string(request.key(row))];
      }
      request.finish(error, node_.name + " failed");
    } else {
      for (std::size_t row = 0; row < request.size(); ++row) {
        answer(request, row);
        if (cancelled) request.keep_for(row, Duration::zero());
        attempts_.erase(std::string(request.key(row)));
      }
      request.finish();
    }
  }

  // Of the request as a whole: first its keys' failures that pass, then those that do not.
  RequestError error_of(const Request& request) const {
    constexpr RequestError kPass[] = {RequestError::transport, RequestError::timeout,
                                      RequestError::overloaded, RequestError::refused};
    constexpr RequestError kStay[] = {RequestError::refused, RequestError::malformed,
                                      RequestError::oversize, RequestError::bad_request};
    RequestError error = RequestError::none;
    for (std::size_t row = 0; row < request.size(); ++row) {
      const std::string key(request.key(row));
      const Act act = node_.act_for(key);
      const auto known = attempts_.find(key);
      const std::uint32_t attempts = known == attempts_.end() ? 0 : known->second;
      if (attempts < act.failures_first) return kPass[(key.size() + attempts) % 4];
      if (is_refused(act)) error = kStay[(key.size() + node_.seed) % 4];
    }
    return error;
  }

  void answer(Request& request, std::size_t row) const {
    const std::string_view key = request.key(row);
    const Act act = node_.act_for(key);
    const std::string made = digest(node_.name, std::string(key), {});
    switch (act.ending) {
      case Ending::ok:
        request.found(row);
        request.value(0, made);
        if (!node_.sets.empty()) request.value(1, made);
        if (act.delay % 4 == 1) request.keep_for(row, std::chrono::milliseconds(act.delay));
        break;
      case Ending::no_match:
        if (act.delay % 2 == 0) {
          request.found(row);
        } else {
          request.not_found(row);
        }
        break;
      case Ending::error:
        request.failed(row, "nothing is known of this key");
        break;
      case Ending::huge: {
        request.found(row);
        const std::string text(Patch::kMaxBytes / 2, 'x');
        for (int i = 0; i < 3; ++i) request.value(0, text);
        break;
      }
      case Ending::throws_exception:
      case Ending::bad_event:  // never: it was refused
      case Ending::throws_int:
        break;
    }
  }

  const RandomNode& node_;
  RandomRun& run_;
  Timers& timers_;
  std::map<std::string, std::uint32_t> attempts_;  // that failed, since the last answer
  std::vector<std::unique_ptr<Reply>> replies_;
  std::vector<Reply*> free_;
};

}  // namespace

EnricherInstance make_random_lookup(const RandomNode& node, RandomRun& run) {
  std::string key;
  for (const std::string& field : node.key_fields) {
    key += (key.empty() ? "{{" : "/{{") + field + "}}";
  }
  std::vector<FieldPath> fields = {FieldPath(node.own())};
  if (!node.sets.empty()) fields.emplace_back(node.sets);
  return make_lookup({KeySpec({KeyTemplate::parse(key, KeyEscape::none).value()}),
                      std::move(fields), node.lookup,
                      [&node, &run](const LookupSurroundings& surroundings) {
                        return std::make_unique<RandomClient>(node, run, surroundings.timers);
                      }});
}

}  // namespace logbraid::test
