#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "lookup/cached_lookup.h"
#include "lookup/lookup_enricher.h"
#include "lookup/request.h"

namespace logbraid::test {

// A service that works on so many requests at once; others wait there. Each key is found, with
// itself in field 0.
//
// Threads: one.
class BusyService {
 public:
  BusyService(std::size_t at_once, Duration for_one) : workers(at_once), work(for_one) {}

  std::function<std::unique_ptr<Client>(const LookupSurroundings&)> maker() {
    return [this](const LookupSurroundings& surroundings) {
      return std::make_unique<Busy>(*this, surroundings.timers);
    };
  }

  // A look-up of the field `key`, answered in the field `user`.
  EnricherInstance lookup(const LookupOptions& options) {
    return make_lookup({KeySpec({KeyTemplate::parse("{{key}}", KeyEscape::none).value()}),
                        {FieldPath::parse("user").value()},
                        options,
                        maker()});
  }

  std::size_t workers;
  Duration work;

 private:
  class Busy final : public Client {
   public:
    Busy(BusyService& service, Timers& timers) : service_(service), timers_(timers) {}
    ~Busy() override {
      for (const auto& worker : workers_) timers_.remove(*worker);
    }
    void send(Request& request) noexcept override {
      waiting_.push_back(&request);
      hand_on();
    }
    void cancel(Request&) noexcept override {}  // it is on its way

   private:
    struct Worker : Timer {
      Worker(Busy& whose, Fire on_due) : Timer(on_due), client(whose) {}
      Busy& client;
      Request* request = nullptr;
    };

    Worker& idle_worker() {
      for (const auto& worker : workers_) {
        if (worker->request == nullptr) return *worker;
      }
      workers_.push_back(std::make_unique<Worker>(*this, [](Timer& timer) noexcept {
        auto& worker = static_cast<Worker&>(timer);
        worker.client.done(worker);
      }));
      return *workers_.back();
    }
    void hand_on() {
      while (working_ < service_.workers && !waiting_.empty()) {
        Worker& worker = idle_worker();
        worker.request = waiting_.front();
        waiting_.pop_front();
        ++working_;
        timers_.set(worker, service_.work);
      }
    }
    void done(Worker& worker) {
      Request& request = *std::exchange(worker.request, nullptr);
      --working_;
      hand_on();
      for (std::size_t row = 0; row < request.size(); ++row) {
        request.found(row);
        request.value(0, request.key(row));
      }
      request.finish();
    }

    BusyService& service_;
    Timers& timers_;
    std::deque<Request*> waiting_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::size_t working_ = 0;
  };
};

}  // namespace logbraid::test
