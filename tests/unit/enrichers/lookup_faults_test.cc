// Services that do what no real one does on demand, behind a whole engine: whatever they do, events
// come out in time with their fallback, the breaker opens, nothing is left over, and the service is
// found again when it is well. What a client makes of each fault is tested where the client is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "logbraid/builtin.h"
#include "logbraid/engine.h"
#include "logbraid/registry.h"
#include "tests/support/enrich_one.h"
#include "tests/support/faulty_service.h"
#include "tests/support/postgres_wire.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
namespace wire = postgres_wire;
using Clock = std::chrono::steady_clock;
using Peer = ScriptedServer::Peer;
using Script = ScriptedServer::Script;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using enum FaultyService::Where;

// --- the faults

Script says(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) { peer.write(bytes); };
}
Script says_and_hangs(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.write(bytes);
    peer.hang();
  };
}
Script says_and_closes(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    peer.write(bytes);
    ::shutdown(peer.socket(), SHUT_RDWR);
    peer.hang();
  };
}
Script says_for_ever(std::string head, std::string more) {
  return [head = std::move(head), more = std::move(more)](Peer& peer) {
    peer.write(head);
    peer.write_for_ever(more);
  };
}
Script drips(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) { peer.drip(bytes); };
}
void hangs(Peer& peer) { peer.hang(); }
void resets(Peer& peer) { peer.reset(); }
void half_closes(Peer& peer) {
  peer.half_close();
  peer.hang();
}
void takes_tls_and_hangs(Peer& peer) {
  peer.read_exactly(8);
  peer.write("S");
  peer.hang();
}

struct Fault {
  const Service& service;
  const char* name;
  FaultyService::Where where;
  Script script;
  Outcome outcome;
  const char* first_error;  // stands in it
};

constexpr Outcome kError = Outcome::error;
constexpr Outcome kTimeout = Outcome::timeout;
constexpr const Service& kHttp = kHttpService;
constexpr const Service& kRedis = kRedisService;
constexpr const Service& kPostgres = kPostgresService;
const std::string kGood = http_reply("200 OK", R"({"plan":1})");
const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const std::string kRows = wire::kPrepared + wire::kBound;
const std::string kRow = wire::data_row(std::string(1000, 'x'));

const Fault kFaults[] = {
    {kHttp, "refuses", refuses, {}, kError, "connect"},
    {kHttp, "hangs_in_connect", unreachable, {}, kTimeout, ""},
    {kHttp, "hangs_in_tls", tls, hangs, kTimeout, ""},
    {kHttp, "hangs_before_its_reply", request, hangs, kTimeout, ""},
    {kHttp, "hangs_in_its_headers", request, says_and_hangs("HTTP/1.1 2"), kTimeout, ""},
    {kHttp, "hangs_in_its_body", request, says_and_hangs(kHead + "{\"pl"), kTimeout, ""},
    {kHttp, "drips", request, drips(kGood), kTimeout, ""},
    {kHttp, "resets", request, resets, kError, ""},
    {kHttp, "half_closes", request, half_closes, kError, ""},
    {kHttp, "truncates", request, says_and_closes(kHead + "{\"pl"), kError, "remaining"},
    {kHttp, "has_too_long_a_length", request, says_and_hangs(kHead + "{}"), kTimeout, ""},
    {kHttp, "has_too_short_a_length", request,
     says_and_closes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"plan\":1}"), kError,
     "no JSON"},
    {kHttp, "is_endless", request,
     says_for_ever("HTTP/1.1 200 OK\r\n\r\n", std::string(10'000, 'x')), kError, "max_reply"},
    {kHttp, "is_no_http", request, says_and_closes("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), kError, ""},
    {kHttp, "is_no_json", request, says(http_reply("200 OK", "<html>")), kError, "no JSON"},
    {kHttp, "says_500", request, says(http_reply("500 Oh", "{}")), kError, "500"},
    {kHttp, "says_429", request, says(http_reply("429 Slow down", "{}")), kError, "429"},

    {kRedis, "refuses", refuses, {}, kError, "refused"},
    {kRedis, "hangs_in_connect", unreachable, {}, kTimeout, ""},
    {kRedis, "hangs_in_tls", tls, hangs, kTimeout, ""},
    {kRedis, "hangs_in_its_greeting", connection, hangs, kTimeout, ""},
    {kRedis, "hangs_before_its_reply", request, hangs, kTimeout, ""},
    {kRedis, "hangs_in_its_reply", request, says_and_hangs("*2\r\n$1"), kTimeout, ""},
    {kRedis, "drips", request, drips("*2\r\n$1\r\nx\r\n$1\r\nx\r\n"), kTimeout, ""},
    {kRedis, "resets", request, resets, kError, ""},
    {kRedis, "half_closes", request, half_closes, kError, "closed"},
    {kRedis, "truncates", request, says_and_closes("*2\r\n$1"), kError, "closed"},
    {kRedis, "is_endless", request, says_for_ever("-", "xxxxxxxx"), kError, "without end"},
    {kRedis, "forges_a_count", request, says_and_hangs("*2147483647\r\n"), kError, "more items"},
    {kRedis, "forges_a_length", request, says_and_hangs("*2\r\n$2147483647\r\n"), kError,
     "max_reply"},
    {kRedis, "is_no_redis", request, says_and_hangs("HTTP/1.1 400 No\r\n"), kError, "no reply"},
    {kRedis, "says_loading", request, says("-LOADING from disk\r\n"), kError, "LOADING"},

    {kPostgres, "refuses", refuses, {}, kError, "refused"},
    {kPostgres, "hangs_in_connect", unreachable, {}, kTimeout, ""},
    {kPostgres, "hangs_in_tls", tls, takes_tls_and_hangs, kTimeout, ""},
    {kPostgres, "hangs_in_its_greeting", connection, hangs, kTimeout, ""},
    {kPostgres, "hangs_before_its_rows", request, hangs, kTimeout, ""},
    {kPostgres, "hangs_in_its_rows", request, says_and_hangs(kRows + kRow), kTimeout, ""},
    {kPostgres, "drips", request, drips(kRows + kRow), kTimeout, ""},
    {kPostgres, "resets", request, resets, kError, "closed"},
    {kPostgres, "half_closes", request, half_closes, kError, "closed"},
    {kPostgres, "truncates", request, says_and_closes(kRows + kRow), kError, "closed"},
    {kPostgres, "is_endless", request, says_for_ever(kRows, kRow), kError, ""},
    {kPostgres, "forges_a_length", request,
     says_and_hangs(kRows + std::string("C\x3f\xff\xff\xff", 5)), kError, "lost synchronization"},
    {kPostgres, "is_no_postgres", connection, says_and_hangs("HTTP/1.1 400 No\r\n"), kError,
     "expected auth"},
    {kPostgres, "is_starting_up", connection,
     says_and_closes(wire::error("FATAL", "57P03", "it is starting up")), kError, "starting up"},
};

// --- the engine

const FieldPath kPlan("plan");

// What is an error is one long before its time is over.
Duration timeout_of(const Fault& fault) { return fault.outcome == kTimeout ? 100ms : 60s; }
std::string connect_timeout_of(const Fault& fault) {
  return fault.outcome == kTimeout ? "1s" : "60s";
}
// What no event takes, whatever else the machine does.
constexpr auto kInTime = 30s;
// Five times what may pass at the most until it is asked again: the breaker is open for 100 ms, a
// call that has begun hangs for 100 ms, an attempt to connect for 1 s, and a client may rest for
// 800 ms after its fourth.
constexpr auto kNoticed = 5 * 2s;

class EngineBeside {
 public:
  EngineBeside(const FaultyService& service, const Fault& fault) {
    auto made = make_enricher(*find_enricher_kind(fault.service.kind),
                              service.settings(connect_timeout_of(fault)));
    EXPECT_TRUE(made.has_value()) << made.error().to_string();
    EnricherMetadata metadata;
    metadata.name = "service";
    metadata.timeout = timeout_of(fault);
    metadata.breaker.consecutive_failures = 3;
    metadata.breaker.open_for = 50ms;
    metadata.breaker.open_for_most = 100ms;
    metadata.breaker.half_open_permits = 1;
    auto fallback = std::make_shared<ConstantFields>();
    EXPECT_TRUE(fallback->add("plan", "unknown").has_value());
    metadata.fallback = std::move(fallback);
    EXPECT_TRUE(registry_.add(std::move(metadata), *std::move(made)).has_value());
    EngineOptions options;
    options.execution.shards = 2;
    engine_ = *Engine::create(registry_, {"service"}, std::move(options));
  }

  // No two of them ask for the same key.
  std::vector<EnrichedEvent> enrich(std::size_t count) {
    std::vector<OwnedEvent> events;
    while (events.size() < count) {
      events.push_back(*OwnedEvent::from_json("{\"n\":" + std::to_string(++events_) + "}"));
    }
    const auto begun = Clock::now();
    auto enriched = engine_->enrich(std::move(events));
    EXPECT_LT(Clock::now() - begun, kInTime);
    return *std::move(enriched);
  }
  std::uint64_t events() const { return events_; }
  EngineMetrics metrics() const { return engine_->metrics(); }
  CloseReport close() { return engine_->close(kInTime); }

 private:
  Registry registry_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t events_ = 0;
};

void expect_fallbacks(EngineBeside& engine, FaultyService& service, const Fault& fault) {
  service.let_go(3);
  for (int wave = 0; wave < 4; ++wave) {
    for (const EnrichedEvent& event : engine.enrich(10)) {
      EXPECT_EQ(event.get_string(kPlan), "unknown");
      const EnricherOutcome became = event.outcome(0);
      EXPECT_THAT(became.outcome, AnyOf(fault.outcome, Outcome::breaker_open)) << became.reason;
    }
    service.let_go(3);
  }
  const auto metrics = engine.metrics().enrichers.at(0);
  EXPECT_GE(metrics.outcomes[static_cast<std::size_t>(fault.outcome)], 3u);
  EXPECT_THAT(metrics.first_error, HasSubstr(fault.first_error));
  EXPECT_GE(metrics.lookup->failed, 3u);
  EXPECT_GE(metrics.state.breaker_opened, 1u);
  EXPECT_NE(metrics.state.breaker_state, "closed");
}

void expect_to_be_noticed(EngineBeside& engine, FaultyService& service, const Fault& fault) {
  service.become_well();
  const std::size_t connections = service.connections();
  const auto well = Clock::now();
  // What comes while the breaker is open comes out at once; then one of them asks again.
  bool noticed = false;
  while (!noticed && Clock::now() - well < kNoticed) {
    const std::vector<EnrichedEvent> events = engine.enrich(1);
    const bool is_ok = events.at(0).outcome(0).outcome == Outcome::ok;
    EXPECT_EQ(events.at(0).get_string(kPlan), is_ok ? "x" : "unknown");
    // No script speaks TLS: there it is well for those who connect anew.
    noticed = is_ok || (fault.where == tls && service.connections() > connections);
  }
  EXPECT_TRUE(noticed) << engine.metrics().enrichers.at(0).first_error;
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.service.kind << " " << fault.name;
}

class LookupFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(LookupFaults, cost_events_their_fallback_and_nothing_that_lasts) {
  const Fault& fault = GetParam();
  if (find_enricher_kind(fault.service.kind) == nullptr) GTEST_SKIP() << "it is not built in";
  const auto descriptors = open_descriptors();
  {
    FaultyService service(fault.service, fault.where, fault.script);
    EngineBeside engine(service, fault);
    expect_fallbacks(engine, service, fault);
    expect_to_be_noticed(engine, service, fault);
    EXPECT_TRUE(engine.close().complete());
    const EngineMetrics metrics = engine.metrics();
    EXPECT_EQ(metrics.in_flight, 0u);
    std::uint64_t outcomes = 0;
    for (const std::uint64_t each : metrics.enrichers.at(0).outcomes) outcomes += each;
    EXPECT_EQ(outcomes, engine.events());
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

INSTANTIATE_TEST_SUITE_P(each, LookupFaults, ::testing::ValuesIn(kFaults), [](const auto& each) {
  return std::string(each.param.service.kind) + "_" + each.param.name;
});

}  // namespace
}  // namespace logbraid::test
