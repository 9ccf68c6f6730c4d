// The way of a key: made from the event, looked for in the cache, joined to a flight or sent on
// one.

#include "lookup/cached_lookup.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "lookup/answer.h"
#include "lookup/cache.h"
#include "lookup/flight.h"
#include "lookup/request_path.h"

namespace logbraid {
namespace {

// What is the same on every shard.
struct Common {
  explicit Common(LookupParts made_of) : parts(std::move(made_of)) {}
  const LookupParts parts;
  const KeyHash hash;
};

// Keys that are looked up step by step together: about as many as a core fetches lines at once.
constexpr std::size_t kTogether = 16;

// A key whose hash is known.
struct HashedKey {
  std::string_view text;
  std::uint64_t hash;
  bool operator==(const HashedKey& other) const { return hash == other.hash && text == other.text; }
};
struct KnownHash {
  using is_avalanching = void;
  std::size_t operator()(const HashedKey& key) const { return key.hash; }
};

// In place of a client that could not be made (no descriptor was left): says so to each request.
class FailedClient final : public Client {
 public:
  explicit FailedClient(std::string why) : why_(std::move(why)) {}
  void send(Request& request) noexcept override { request.finish(RequestError::transport, why_); }
  void cancel(Request&) noexcept override {}

 private:
  const std::string why_;
};

std::unique_ptr<Client> make_client(const LookupParts& parts,
                                    const LookupSurroundings& surroundings) {
  try {
    return parts.make_client(surroundings);
  } catch (const std::exception& failed) {
    return std::make_unique<FailedClient>(failed.what());
  }
}

class CachedLookup final : public ShardLookup, private FlightOwner {
 public:
  CachedLookup(std::shared_ptr<const Common> common, const LookupSurroundings& surroundings)
      : common_(std::move(common)),
        options_(common_->parts.options),
        timers_(surroundings.timers),
        recorder_(surroundings.recorder),
        cache_(options_.cache_bytes / surroundings.shards),
        path_(surroundings, options_, *this) {
    path_.use(make_client(common_->parts, surroundings));
  }

  void look_up(std::span<LookupCall* const> calls) override;
  void forget(LookupCall& call) noexcept override;
  bool accepts() const override { return path_.accepts(); }
  std::size_t most_keys() const override { return path_.most_keys(); }
  std::size_t cache_bytes() const override { return cache_.bytes(); }
  void shrink_cache(std::size_t to_bytes) override {
    cache_.shrink_to(to_bytes);
    count_cache();
  }

 private:
  void look_up_few(std::span<LookupCall* const> calls);
  bool answer_from(const CacheEntry& entry, HashedKey key, LookupCall& call);
  bool fly(HashedKey key, LookupCall& call);
  void refresh(HashedKey key);
  Flight& begin_flight(HashedKey key);
  void take(const CacheEntry& entry, LookupCall& call) const;
  const CacheEntry* stale_for(HashedKey key);
  void keep(const Flight& flight, const FlightEnd& end);
  void count_cache();
  void end_call(LookupCall& call, const FlightEnd& end, const CacheEntry* stale);
  void let_waiters_go(Flight& flight, const FlightEnd& end);
  void land(Flight& flight);

  void flight_probes(Flight& flight) noexcept override;
  void flight_ended(Flight& flight, const FlightEnd& end) noexcept override;
  void flight_returned(Flight& flight, const FlightEnd& end) noexcept override;

  const std::shared_ptr<const Common> common_;
  const LookupOptions& options_;
  Timers& timers_;
  LookupRecorder& recorder_;
  Cache cache_;
  std::string keys_;  // of the calls that are looked up
  boost::unordered_flat_map<HashedKey, Flight*, KnownHash> flights_;
  std::vector<std::unique_ptr<Flight>> all_flights_;
  std::vector<Flight*> free_flights_;
  RequestPath path_;  // first to go: it knows flights
};

void CachedLookup::look_up(std::span<LookupCall* const> calls) {
  while (!calls.empty()) {
    const std::size_t few = std::min(calls.size(), kTogether);
    look_up_few(calls.first(few));
    calls = calls.subspan(few);
  }
}

// Step by step over all, so that none waits: neither for memory nor, when a key is hashed, for the
// pieces it was just written in.
void CachedLookup::look_up_few(std::span<LookupCall* const> calls) {
  struct Asked {
    LookupCall* call;
    std::size_t end;  // of the key
    std::uint64_t hash;
  };
  std::array<Asked, kTogether> keyed;
  std::size_t size = 0;
  keys_.clear();
  for (LookupCall* const call : calls) {
    std::string_view why;
    const KeyResult result = common_->parts.key.render(call->view, keys_, why);
    call->answered = result != KeyResult::made;
    if (result == KeyResult::made) {
      keyed[size++] = {call, keys_.size(), 0};
    } else if (result == KeyResult::missing) {
      call->outcome = Outcome::no_match;
    } else {
      call->outcome = Outcome::error;
      call->reason = why;
    }
  }
  const std::span<Asked> asked(keyed.data(), size);
  const auto each = [&](auto with) {
    std::size_t begin = 0;
    for (Asked& one : asked) {
      with(one, std::string_view(keys_).substr(begin, one.end - begin));
      begin = one.end;
    }
  };
  each([this](Asked& one, std::string_view key) {
    one.hash = common_->hash(key);
    cache_.fetch_slot(one.hash);
  });
  for (const Asked& one : asked) cache_.fetch_entry(one.hash);
  each([this](Asked& one, std::string_view key) {
    const CacheEntry* const entry = cache_.find(key, one.hash, timers_.now());
    const HashedKey hashed{key, one.hash};
    one.call->answered =
        (entry != nullptr && answer_from(*entry, hashed, *one.call)) || fly(hashed, *one.call);
  });
}

// A hit. Out of date it is none, unless its key has just failed.
bool CachedLookup::answer_from(const CacheEntry& entry, HashedKey key, LookupCall& call) {
  const TimePoint now = timers_.now();
  const bool just_failed = now < entry.error_until();
  if (entry.kind() == AnswerKind::error) {
    recorder_.hits_error.add(1);
    call.outcome = Outcome::error;
    call.reason = call.patch->arena().copy(entry.reason());
    return true;
  }
  if (entry.fresh(now)) {
    (entry.kind() == AnswerKind::found ? recorder_.hits : recorder_.hits_not_found).add(1);
    const bool refreshes = entry.refresh_due(now) && !just_failed;
    take(entry, call);
    if (refreshes) [[unlikely]]
      refresh(key);  // which may change the entry
    return true;
  }
  if (!just_failed) return false;
  recorder_.hits_error.add(1);
  recorder_.stale.add(1);
  take(entry, call);
  return true;
}

void CachedLookup::take(const CacheEntry& entry, LookupCall& call) const {
  if (entry.kind() == AnswerKind::found) {
    call.outcome = Outcome::ok;
    apply_answer(entry.value(), common_->parts.fields, *call.patch);
  } else {
    call.outcome = Outcome::no_match;
  }
}

// A miss: on a flight that is there already, or on one of its own.
bool CachedLookup::fly(HashedKey key, LookupCall& call) {
  const auto known = flights_.find(key);
  if (known != flights_.end()) {
    Flight& flight = *known->second;
    if (flight.probes) {
      end_call(call, {Outcome::breaker_open, {}, {}}, stale_for(key));
      return true;
    }
    recorder_.joined.add(1);
    flight.add(call);
    return false;
  }
  recorder_.misses.add(1);
  Flight& flight = begin_flight(key);
  flight.add(call);
  if (path_.add(flight)) return false;
  flight.remove(call);
  land(flight);
  end_call(call, {Outcome::rejected, {}, {}}, stale_for(key));
  return true;
}

void CachedLookup::refresh(HashedKey key) {
  if (flights_.contains(key)) return;
  Flight& flight = begin_flight(key);
  flight.refreshes = true;
  recorder_.refreshed.add(1);
  if (!path_.add(flight)) land(flight);
}

Flight& CachedLookup::begin_flight(HashedKey key) {
  if (free_flights_.empty()) {
    all_flights_.push_back(std::make_unique<Flight>());
    free_flights_.reserve(all_flights_.capacity());  // giving back never allocates
    free_flights_.push_back(all_flights_.back().get());
  }
  Flight& flight = *free_flights_.back();
  free_flights_.pop_back();
  flight.key = key.text;
  flight.hash = key.hash;
  flight.probes = false;
  flight.refreshes = false;
  flights_.emplace(HashedKey{flight.key, key.hash}, &flight);
  return flight;
}

void CachedLookup::forget(LookupCall& call) noexcept {
  Flight& flight = *call.flight;
  flight.remove(call);
  if (flight.first_waiter != nullptr || flight.refreshes ||
      flight.state != Flight::State::in_line) {
    return;
  }
  // What expired while it waited is never sent.
  path_.leave(flight);
  land(flight);
}

// --- how a flight ends

void CachedLookup::flight_probes(Flight& flight) noexcept {
  let_waiters_go(flight, {Outcome::breaker_open, {}, {}});
}

void CachedLookup::flight_ended(Flight& flight, const FlightEnd& end) noexcept {
  keep(flight, end);
  let_waiters_go(flight, end);
  if (flight.state == Flight::State::over) {
    flights_.erase(HashedKey{flight.key, flight.hash});
  } else {
    land(flight);
  }
}

// Late: whoever has asked again meanwhile waits for his own.
void CachedLookup::flight_returned(Flight& flight, const FlightEnd& end) noexcept {
  if (end.outcome == Outcome::ok || end.outcome == Outcome::no_match) keep(flight, end);
  free_flights_.push_back(&flight);
}

void CachedLookup::land(Flight& flight) {
  flights_.erase(HashedKey{flight.key, flight.hash});
  free_flights_.push_back(&flight);
}

void CachedLookup::keep(const Flight& flight, const FlightEnd& end) {
  const TimePoint now = timers_.now();
  Answer answer;
  answer.value = end.bytes;
  switch (end.outcome) {
    case Outcome::ok:
    case Outcome::no_match: {
      const bool found = end.outcome == Outcome::ok;
      const Duration ttl = end.ttl.value_or(found ? options_.ttl : options_.not_found_ttl);
      answer.kind = found ? AnswerKind::found : AnswerKind::not_found;
      answer.fresh_until = now + ttl;
      if (options_.refresh_ahead > 0) {
        const double early = static_cast<double>(ttl.count()) * options_.refresh_ahead;
        answer.refresh_at = answer.fresh_until - Duration(static_cast<Duration::rep>(early));
      }
      answer.stale_until = answer.fresh_until + options_.stale_if_error;
      break;
    }
    case Outcome::timeout:
      answer.value = "the service did not answer in time";
      [[fallthrough]];
    case Outcome::error:
      answer.kind = AnswerKind::error;
      answer.fresh_until = answer.stale_until = now + options_.error_ttl;
      break;
    default:
      return;  // it was not asked
  }
  cache_.put(flight.key, flight.hash, answer, now);
  count_cache();
}

void CachedLookup::count_cache() {
  const CacheStats stats = cache_.stats();
  recorder_.cache_entries.add(stats.entries - recorder_.cache_entries.get());
  recorder_.cache_bytes.add(stats.bytes - recorder_.cache_bytes.get());
  recorder_.evicted.add(stats.evictions - recorder_.evicted.get());
}

// What may stand in for an answer that did not come.
const CacheEntry* CachedLookup::stale_for(HashedKey key) {
  if (options_.stale_if_error == Duration::zero()) return nullptr;
  const TimePoint now = timers_.now();
  const CacheEntry* const entry = cache_.find(key.text, key.hash, now);
  return entry == nullptr || entry->kind() == AnswerKind::error ? nullptr : entry;
}

void CachedLookup::end_call(LookupCall& call, const FlightEnd& end, const CacheEntry* stale) {
  call.outcome = end.outcome;
  if (end.outcome == Outcome::ok) {
    apply_answer(end.bytes, common_->parts.fields, *call.patch);
  } else if (is_failure(end.outcome) && stale != nullptr) {
    recorder_.stale.add(1);
    take(*stale, call);
  } else if (end.outcome == Outcome::error) {
    call.reason = call.patch->arena().copy(end.bytes);
  }
}

void CachedLookup::let_waiters_go(Flight& flight, const FlightEnd& end) {
  if (flight.first_waiter == nullptr) return;
  const CacheEntry* const stale =
      is_failure(end.outcome) ? stale_for({flight.key, flight.hash}) : nullptr;
  while (flight.first_waiter != nullptr) {
    LookupCall& call = *flight.first_waiter;
    flight.remove(call);
    end_call(call, end, stale);
    call.ended(call);
  }
}

class CachedLookupEnricher final : public LookupEnricher {
 public:
  explicit CachedLookupEnricher(LookupParts parts)
      : common_(std::make_shared<const Common>(std::move(parts))) {}

  std::unique_ptr<ShardLookup> open(const LookupSurroundings& surroundings) override {
    return std::make_unique<CachedLookup>(common_, surroundings);
  }

 private:
  const std::shared_ptr<const Common> common_;
};

}  // namespace

EnricherInstance make_lookup(LookupParts parts) {
  EnricherInstance instance;
  instance.reads = parts.key.fields();
  instance.writes = parts.fields;
  instance.max_in_flight = parts.options.client_limit_of_shard(0, 1);
  instance.placement = Placement::async;
  instance.enricher =
      std::shared_ptr<LookupEnricher>(std::make_shared<CachedLookupEnricher>(std::move(parts)));
  return instance;
}

}  // namespace logbraid
