#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <queue>
#include <random>
#include <vector>

#include "logbraid/clock.h"

namespace logbraid::test {

// A service during some time.
struct ServicePhase {
  const char* name;
  std::uint32_t workers;          // requests it works on at once
  Duration work;                  // mean for one request
  std::uint32_t room = 1u << 30;  // requests that may wait; it sends the others away
};

// What became of the requests of a phase.
struct PhaseResult {
  double answers = 0;     // share of what the workers could have done
  double latency = 0;     // mean, in times of `work`
  double overloaded = 0;  // share of the requests
  double limit = 0;       // mean
};

// A service with a queue, and a client that always has more to ask and keeps as many requests in
// flight as `Limit` says. A limit has limit(), answered() and overloaded() as AdaptiveLimit has
// them. After 1 s the client waits no more and counts it as overload; the service works on.
template <class Limit>
class SimulatedService {
 public:
  // `spread`: the part of the work that varies, exponentially; the rest is fixed.
  SimulatedService(Limit limit, double spread, std::uint64_t seed)
      : limit_(std::move(limit)), spread_(spread), random_(seed) {}

  PhaseResult run(const ServicePhase& phase, Duration length) {
    phase_ = &phase;
    sums_ = {};
    std::uint64_t ended = 0;
    const TimePoint end = now_ + length;
    send();
    while (!happenings_.empty() && happenings_.top().at < end) {
      const Happening next = happenings_.top();
      happenings_.pop();
      now_ = next.at;
      if (next.what == What::done) hand_on();
      if (requests_[next.request].ended) continue;
      requests_[next.request].ended = true;
      tell(next);
      --in_flight_;
      ++ended;
      sums_.limit += limit_.limit();
      send();
    }
    now_ = end;
    const double seconds = std::chrono::duration<double>(length).count();
    const double work = std::chrono::duration<double>(phase.work).count();
    const double good = sums_.answers;
    const auto all = static_cast<double>(std::max<std::uint64_t>(ended, 1));
    return {good * work / (seconds * phase.workers), sums_.latency / std::max(good, 1.0) / work,
            sums_.overloaded / all, sums_.limit / all};
  }

 private:
  enum class What : std::uint8_t { done, sent_away, given_up };
  struct Happening {
    TimePoint at;
    What what;
    std::size_t request;
    bool operator<(const Happening& other) const { return at > other.at; }
  };
  struct Request {
    TimePoint sent;
    bool ended = false;
  };

  void send() {
    for (; in_flight_ < limit_.limit(); ++in_flight_) {
      const std::size_t request = requests_.size();
      requests_.push_back({now_});
      happenings_.push({now_ + std::chrono::seconds(1), What::given_up, request});
      if (working_ < phase_->workers) {
        begin(request);
      } else if (waiting_.size() < phase_->room) {
        waiting_.push_back(request);
      } else {
        happenings_.push({now_ + std::chrono::milliseconds(1), What::sent_away, request});
      }
    }
  }
  void begin(std::size_t request) {
    ++working_;
    const double times = 1 - spread_ + spread_ * std::exponential_distribution<>()(random_);
    const auto work = std::chrono::duration<double, std::nano>(phase_->work) * times;
    happenings_.push({now_ + std::chrono::duration_cast<Duration>(work), What::done, request});
  }
  void hand_on() {
    --working_;
    while (working_ < phase_->workers && !waiting_.empty()) {
      begin(waiting_.front());
      waiting_.pop_front();
    }
  }
  void tell(const Happening& end) {
    const Duration latency = now_ - requests_[end.request].sent;
    if (end.what == What::done) {
      ++sums_.answers;
      sums_.latency += std::chrono::duration<double>(latency).count();
      limit_.answered(now_, latency, in_flight_);
    } else {
      ++sums_.overloaded;
      limit_.overloaded();
    }
  }

  Limit limit_;
  double spread_;
  std::mt19937_64 random_;
  const ServicePhase* phase_ = nullptr;
  PhaseResult sums_;
  TimePoint now_{std::chrono::hours(1)};
  std::priority_queue<Happening> happenings_;
  std::vector<Request> requests_;
  std::deque<std::size_t> waiting_;
  std::uint32_t working_ = 0;
  std::uint32_t in_flight_ = 0;
};

// A service that is steady, slows down tenfold, recovers, loses most of its workers and sends
// requests away, recovers, gets more workers, and becomes a little slower.
inline constexpr ServicePhase kEventfulDay[] = {
    {"steady", 16, std::chrono::milliseconds(10)},
    {"ten times slower", 16, std::chrono::milliseconds(100)},
    {"recovered", 16, std::chrono::milliseconds(10)},
    {"4 workers, sends away", 4, std::chrono::milliseconds(10), 8},
    {"recovered again", 16, std::chrono::milliseconds(10)},
    {"64 workers", 64, std::chrono::milliseconds(10)},
    {"64 workers, half as fast", 64, std::chrono::milliseconds(20)},
};
inline constexpr Duration kPhaseLength = std::chrono::seconds(20);

}  // namespace logbraid::test
