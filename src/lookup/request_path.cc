#include "lookup/request_path.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "lookup/lookup_recording.h"
#include "resilience/bulkhead.h"

namespace logbraid {
namespace {

// What a client says of a request speaks against its service, for the circuit breaker.
bool is_failure(const Request& request) {
  switch (request.error()) {
    case RequestError::none:
      break;
    case RequestError::bad_request:
      return false;
    default:
      return true;
  }
  // Answered as a whole, with nothing but errors: then nothing is well there.
  for (std::size_t row = 0; row < request.size(); ++row) {
    const Request::Row what = request.row(row);
    if (what == Request::Row::found || what == Request::Row::not_found) return false;
  }
  return true;
}

// The same keys may fare better another time.
bool is_worth_a_retry(RequestError error) {
  return error == RequestError::transport || error == RequestError::timeout ||
         error == RequestError::overloaded || error == RequestError::refused;
}

// It may be one key that spoils it for all.
bool is_worth_splitting(RequestError error) {
  return error == RequestError::refused || error == RequestError::malformed ||
         error == RequestError::oversize || error == RequestError::bad_request;
}

// So many seconds of a rate may be used up at once: what comes in bunches need not wait. (Ours.)
constexpr double kBurst = 0.1;

// How slowly the usual time of a request follows the last ones.
constexpr int kForgetting = 8;

constexpr std::string_view kNoAnswer = "the service left this key unanswered";

}  // namespace

// A request and the flights in it, from its first attempt until its client has given it back. The
// timer is its deadline while it is under way or waits to be sent again, and the end of the pause
// between two attempts.
struct RequestPath::Sent : Timer, Request {
  Sent(RequestPath& owner, Fire on_due) : Timer(on_due), Request(owner), path(owner) {}

  enum class State : std::uint8_t { free, out, pausing, waiting, given_up };

  RequestPath& path;
  State state = State::free;
  std::vector<Flight*> flights;  // by row
  BreakerPermit permit;
  bool is_part = false;  // of one that was split: not asked for like this before
  std::uint32_t attempts = 0;
  TimePoint started;   // this attempt
  TimePoint deadline;  // of all attempts
};

RequestPath::RequestPath(const LookupSurroundings& surroundings, const LookupOptions& options,
                         FlightOwner& owner)
    : surroundings_(surroundings),
      options_(options),
      owner_(owner),
      most_in_flight_(Bulkhead::limit_of_shard(
          surroundings.bulkhead, surroundings.shard, surroundings.shards,
          options.client_limit_of_shard(surroundings.shard, surroundings.shards))),
      retry_(surroundings.retry, surroundings.shards,
             std::hash<std::string_view>{}(surroundings.enricher) + surroundings.shard),
      flush_(*this, &on_flush_due),
      paced_(*this, [](Timer& timer) noexcept { static_cast<Tick&>(timer).path.dispatch(); }) {
  if (options_.adaptive) {
    AdaptiveLimitOptions adaptive;
    adaptive.most = most_in_flight_;
    adaptive.first = std::min(adaptive.first, most_in_flight_);
    adaptive_.emplace(adaptive);
  }
  if (options_.rate > 0) {
    const double rate = options_.rate / surroundings.shards;
    rate_.emplace(rate, static_cast<std::uint32_t>(rate * kBurst));
  }
  note_limit();
}

RequestPath::~RequestPath() {
  client_.reset();  // it finishes nothing any more
  surroundings_.timers.remove(flush_);
  surroundings_.timers.remove(paced_);
  for (const auto& sent : all_) surroundings_.timers.remove(*sent);
}

void RequestPath::use(std::unique_ptr<Client> client) {
  client_ = std::move(client);
  client_->warm_up();
}

// --- the line

bool RequestPath::add(Flight& flight) {
  if (surroundings_.bulkhead.when_full == WhenFull::reject && in_flight_ >= limit()) return false;
  flight.state = Flight::State::in_line;
  line_.push(flight);
  if (line_.size() >= options_.max_batch) {
    dispatch();
  } else if (!flush_.waiting()) {
    // With nothing under way the keys of this turn leave together, at its end.
    const bool at_once = in_flight_ == 0;
    surroundings_.timers.set(flush_, at_once ? Duration::zero() : gather_time());
  }
  return true;
}

// Beside a service that takes 5 ms, keys that gather for 1 ms are late by a fifth; a sixteenth is
// little. Halved, not computed: timers of one length stand in one line.
Duration RequestPath::gather_time() const {
  constexpr int kShare = 16;
  constexpr int kMostHalvings = 3;
  Duration time = options_.max_delay;
  if (usual_ == Duration::zero()) return time;  // nothing is known yet
  for (int i = 0; i < kMostHalvings && time > usual_ / kShare; ++i) time /= 2;
  return time;
}

void RequestPath::leave(Flight& flight) { line_.remove(flight); }

void RequestPath::on_flush_due(Timer& timer) noexcept {
  RequestPath& path = static_cast<Tick&>(timer).path;
  path.due_ = true;
  path.dispatch();
}

bool RequestPath::may_send() const {
  if (line_.empty() || in_flight_ >= limit()) return false;
  return due_ || in_flight_ == 0 || line_.size() >= options_.max_batch;
}

bool RequestPath::let_by_rate() {
  if (!rate_) return true;
  const TimePoint now = surroundings_.timers.now();
  const TimePoint from = rate_->next_allowed(now);
  if (from > now) {
    if (!paced_.waiting()) surroundings_.timers.set_at(paced_, from);
    return false;
  }
  return rate_->try_take(now);
}

// A client may finish a request from within send(): that one is settled here, too.
void RequestPath::dispatch() {
  if (dispatching_) return;
  dispatching_ = true;
  bool made_room = false;
  do {
    send_again();
    while (may_send() && let_by_rate()) {
      BreakerPermit permit = surroundings_.breaker.try_acquire(surroundings_.timers.now());
      if (permit.admission() == Admission::refused) {
        let_line_go(Outcome::breaker_open);
        break;
      }
      Sent& sent = take();
      while (!line_.empty() && sent.flights.size() < options_.max_batch) {
        Flight& flight = line_.pop();
        flight.state = Flight::State::sent;
        flight.probes = permit.admission() == Admission::probe;
        sent.flights.push_back(&flight);
        if (flight.probes) owner_.flight_probes(flight);
      }
      sent.is_part = false;
      sent.attempts = 0;
      sent.deadline = surroundings_.timers.now() + surroundings_.timeout;
      retry_.count_call();
      send(sent, std::move(permit));
    }
    if (line_.empty()) {
      due_ = false;
      surroundings_.timers.remove(flush_);
    }
    made_room = !ended_.empty();
    ended_now_.swap(ended_);
    // By number: what settles may be split, and that makes room in this list too.
    for (std::size_t i = 0; i < ended_now_.size(); ++i) settle(*ended_now_[i]);
    ended_now_.clear();
  } while (made_room);
  dispatching_ = false;
}

// Before those in the line, whose keys have waited for less long; within the same limits.
void RequestPath::send_again() {
  while (!again_.empty() && in_flight_ < limit() && let_by_rate()) {
    Sent& sent = *again_.front();
    again_.pop_front();
    surroundings_.timers.remove(sent);
    BreakerPermit permit = surroundings_.breaker.try_acquire(surroundings_.timers.now());
    if (permit.admission() != Admission::allowed) {  // it has opened meanwhile
      end_unsent(sent, Outcome::breaker_open);
      continue;
    }
    if (!sent.is_part) surroundings_.recorder.retries.add(1);
    send(sent, std::move(permit));
  }
}

void RequestPath::wait_to_be_sent_again(Sent& sent) {
  sent.state = Sent::State::waiting;
  again_.push_back(&sent);
  surroundings_.timers.set_at(sent, sent.deadline);
}

// A retry ends as its last attempt did.
void RequestPath::end_unsent(Sent& sent, Outcome outcome) {
  if (sent.is_part) {
    let_flights_go(sent, outcome);
  } else {
    end_flights(sent);
  }
}

void RequestPath::let_line_go(Outcome outcome) {
  while (!line_.empty()) owner_.flight_ended(line_.pop(), {outcome, {}, {}});
}

// --- a request

RequestPath::Sent& RequestPath::take() {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Sent>(*this, &on_due));
    free_.reserve(all_.capacity());  // giving back never allocates
    ended_.reserve(all_.capacity());
    ended_now_.reserve(all_.capacity());
    free_.push_back(all_.back().get());
  }
  Sent& sent = *free_.back();
  free_.pop_back();
  return sent;
}

void RequestPath::send(Sent& sent, BreakerPermit permit) {
  LookupRecorder& recorder = surroundings_.recorder;
  sent.permit = std::move(permit);
  sent.state = Sent::State::out;
  sent.started = surroundings_.timers.now();
  ++sent.attempts;
  ++in_flight_;
  recorder.in_flight_peak.raise_to(in_flight_);
  recorder.requests.add(1);
  recorder.keys.add(sent.flights.size());
  sent.begin(sent.permit.admission() == Admission::probe);
  for (const Flight* const flight : sent.flights) sent.add(flight->key);
  if (sent.attempts == 1) {
    surroundings_.timers.set(sent, surroundings_.timeout);
  } else {
    surroundings_.timers.set_at(sent, sent.deadline);
  }
  LookupRecording* const recording = surroundings_.recording;
  if (recording != nullptr && recording->replays() &&
      recording->answer(surroundings_.enricher, sent)) {
    return;
  }
  client_->send(sent);
}

// From within send() or cancel(), or from the loop.
void RequestPath::request_ended(Request& request) noexcept {
  // A loop that slept runs what woke it before it looks at the clock.
  surroundings_.timers.refresh(surroundings_.clock.now());
  ended_.push_back(static_cast<Sent*>(&request));
  dispatch();
}

void RequestPath::settle(Sent& sent) {
  LookupRecorder& recorder = surroundings_.recorder;
  surroundings_.timers.remove(sent);
  --in_flight_;
  recorder.latency.record(surroundings_.timers.now() - sent.started);
  if (sent.state == Sent::State::given_up) {
    recorder.late.add(1);
    return_flights(sent);
    return;
  }
  judge(sent);
  if (sent.error() != RequestError::none) {
    recorder.failed.add(1);
    if (tries_again(sent) || split(sent)) return;
  }
  end_flights(sent);
}

void RequestPath::judge(Sent& sent) {
  const TimePoint now = surroundings_.timers.now();
  const Duration took = now - sent.started;
  const RequestError error = sent.error();
  if (error == RequestError::none) {
    usual_ = usual_ == Duration::zero() ? took : usual_ + (took - usual_) / kForgetting;
  }
  if (adaptive_) {
    if (error == RequestError::overloaded || error == RequestError::timeout) {
      adaptive_->overloaded();
    } else if (error == RequestError::none) {
      adaptive_->answered(now, took, in_flight_ + 1);
    }
    note_limit();
  }
  if (error == RequestError::bad_request) {
    sent.permit = BreakerPermit();
  } else if (is_failure(sent)) {
    surroundings_.breaker.failure(std::move(sent.permit), took, now);
  } else {
    surroundings_.breaker.success(std::move(sent.permit), took, now);
  }
}

void RequestPath::note_limit() {
  Tally<std::uint64_t>& shown = surroundings_.recorder.limit;
  shown.add(limit() - shown.get());
}

bool RequestPath::tries_again(Sent& sent) {
  if (!is_worth_a_retry(sent.error()) || !surroundings_.breaker.closed()) return false;
  const auto pause = retry_.next(sent.attempts - 1, surroundings_.timers.now(), sent.deadline,
                                 sent.leave_alone_for());
  if (!pause) return false;
  sent.is_part = false;  // it was asked for like this
  sent.state = Sent::State::pausing;
  surroundings_.timers.set_at(sent, surroundings_.timers.now() + *pause);
  return true;
}

// Each half is asked for again, in what is left of the time.
bool RequestPath::split(Sent& sent) {
  if (options_.on_batch_error != OnBatchError::split || sent.flights.size() < 2 ||
      !is_worth_splitting(sent.error()) || surroundings_.timers.now() >= sent.deadline ||
      !surroundings_.breaker.closed()) {
    return false;
  }
  Sent& second = take();
  const auto half = sent.flights.begin() + static_cast<std::ptrdiff_t>(sent.flights.size() / 2);
  second.flights.assign(half, sent.flights.end());
  second.attempts = sent.attempts;
  second.deadline = sent.deadline;
  sent.flights.erase(half, sent.flights.end());
  for (Sent* const part : {&sent, &second}) {
    part->is_part = true;
    wait_to_be_sent_again(*part);
  }
  return true;
}

void RequestPath::on_due(Timer& timer) noexcept {
  auto& sent = static_cast<Sent&>(timer);
  RequestPath& path = sent.path;
  switch (sent.state) {
    case Sent::State::pausing:
      path.wait_to_be_sent_again(sent);
      path.dispatch();
      break;
    case Sent::State::waiting:
      std::erase(path.again_, &sent);
      path.end_unsent(sent, Outcome::timeout);
      break;
    default:
      path.give_up(sent);
  }
}

// Its time is over: nobody waits any more. It holds its place until the client gives it back.
void RequestPath::give_up(Sent& sent) {
  const TimePoint now = surroundings_.timers.now();
  const Duration took = now - sent.started;
  if (adaptive_) {
    adaptive_->overloaded();
    note_limit();
  }
  surroundings_.recorder.failed.add(1);
  surroundings_.breaker.failure(std::move(sent.permit), took, now);
  sent.state = Sent::State::given_up;
  for (Flight* const flight : sent.flights) {
    flight->state = Flight::State::over;
    owner_.flight_ended(*flight, {Outcome::timeout, {}, {}});
  }
  client_->cancel(sent);
}

FlightEnd RequestPath::end_of(const Sent& sent, std::size_t row) const {
  switch (sent.row(row)) {
    case Request::Row::found:
      return {Outcome::ok, sent.answer(row), sent.ttl(row)};
    case Request::Row::not_found:
      return {Outcome::no_match, {}, sent.ttl(row)};
    case Request::Row::error:
      return {Outcome::error, sent.answer(row), {}};
    case Request::Row::unset:
      break;
  }
  if (sent.error() == RequestError::timeout) return {Outcome::timeout, {}, {}};
  return {Outcome::error, sent.error() == RequestError::none ? kNoAnswer : sent.why(), {}};
}

void RequestPath::end_flights(Sent& sent) {
  LookupRecording* const recording = surroundings_.recording;
  if (recording != nullptr && !recording->replays()) {
    recording->record(surroundings_.enricher, sent);
  }
  for (std::size_t row = 0; row < sent.flights.size(); ++row) {
    owner_.flight_ended(*sent.flights[row], end_of(sent, row));
  }
  let_go(sent);
}

void RequestPath::let_flights_go(Sent& sent, Outcome outcome) {
  for (Flight* const flight : sent.flights) owner_.flight_ended(*flight, {outcome, {}, {}});
  let_go(sent);
}

void RequestPath::return_flights(Sent& sent) {
  for (std::size_t row = 0; row < sent.flights.size(); ++row) {
    owner_.flight_returned(*sent.flights[row], end_of(sent, row));
  }
  let_go(sent);
}

void RequestPath::let_go(Sent& sent) {
  sent.flights.clear();
  sent.permit = BreakerPermit();
  sent.state = Sent::State::free;
  free_.push_back(&sent);
}

}  // namespace logbraid
