// Whole pipelines that look things up in real services of this machine, started here: Redis, nginx,
// PostgreSQL, a DNS server, a Python program. What the engine makes of each beside the tool that is
// made to load it, and what three at once gain; answers are held back there, as a network would
// hold them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/baseline/bare_questions.h"
#include "benchmarks/support/delaying_proxy.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "enrichers/builtin.h"
#include "logbraid/registry.h"
#include "tests/support/child_process.h"
#include "tests/support/dnsmasq.h"
#include "tests/support/memory_endpoints.h"
#include "tests/support/nginx.h"
#include "tests/support/postgres_server.h"
#include "tests/support/redis_server.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::bench {
namespace {

using Members = std::vector<Setting::Member>;

Setting no_cache() { return Setting::map({{"size", 0}}); }

struct Wanted {
  std::string kind;
  Members settings;
};

std::shared_ptr<const ExecutionPlan> plan_of_services(const std::vector<Wanted>& all) {
  Registry registry;
  std::set<std::string> kinds;
  std::vector<std::string> names;
  for (const Wanted& each : all) {
    const EnricherKind* const kind = find_enricher_kind(each.kind);
    require(kind != nullptr, each.kind + " is not built");
    if (kinds.insert(each.kind).second) require(registry.add_kind(*kind).has_value(), "kind");
    EnricherMetadata metadata;
    metadata.name = fmt::format("{}{}", each.kind, names.size());
    metadata.timeout = std::chrono::seconds(5);
    names.push_back(metadata.name);
    const auto added = registry.add_instance(metadata, each.kind, Setting::map(each.settings), {});
    require(added.has_value(), added ? "" : added.error().to_string());
  }
  return *registry.resolve(names);
}

MeasuredRun run(std::shared_ptr<const ExecutionPlan> plan, const std::string& input,
                std::string& output, std::uint32_t window, Mode mode = Mode::parallel) {
  const std::uint32_t nodes = plan->size();
  PipelineParts parts;
  parts.source = std::make_unique<test::MemorySource>(input);
  parts.plan = std::move(plan);
  parts.options.mode = mode;
  parts.options.shards = 1;
  parts.options.in_flight = window;
  output.clear();
  output.reserve(input.size() * 4);
  parts.sink = std::make_unique<test::MemorySink>(output);
  MeasuredRun ran = measured_run(std::move(parts));
  for (std::uint32_t node = 0; node < nodes; ++node) {
    require(ran.outcomes(node, Outcome::ok) == ran.report.counts.read,
            "a look-up was not ok: " + ran.report.metrics.enrichers[node].first_error);
  }
  return ran;
}

// Events with a number each, all of them different.
std::string numbered(std::size_t count, std::size_t keys) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("{{\"n\":{},\"ip\":\"192.0.2.{}\"}}\n", i * 7919 % keys, i % 250);
  }
  return text;
}

void report(benchmark::State& state, const std::vector<double>& ratios) {
  state.counters["ratio"] = median(ratios);
  state.counters["least"] = *std::ranges::min_element(ratios);
  state.counters["most"] = *std::ranges::max_element(ratios);
}

// --- each beside what loads it

struct Round {
  MeasuredRun ours;
  double theirs;  // a second
};

// Rounds of events of ours and what the baseline did, `unit` a second.
template <class PlayRound>
void report_rounds(benchmark::State& state, const char* unit, PlayRound play) {
  for (auto _ : state) {
    std::vector<double> ratios;
    for (int round = 0; round < full_or_smoke(5, 1); ++round) {
      const Round played = play();
      const double ours = static_cast<double>(played.ours.report.counts.read) / played.ours.seconds;
      ratios.push_back(ours / played.theirs);
      state.counters[unit] = ours;
      state.counters["baseline/s"] = played.theirs;
      if (round == 0) report_use(state, played.ours);
    }
    report(state, ratios);
  }
}

constexpr std::size_t kRedisKeys = 100'000;

void fill(const test::RedisServer& redis) {
  redis.run({"EVAL",
             "for i = 0, ARGV[1] - 1 do redis.call('SET', 'user:' .. i, string.rep('x', 32)) end",
             "0", std::to_string(kRedisKeys)});
}

void redis_against_redis_benchmark(benchmark::State& state) {
  if (!test::RedisServer::installed()) return state.SkipWithError("redis-server is not installed");
  const test::RedisServer redis;
  fill(redis);
  const auto plan = plan_of_services({{"redis",
                                       {{"url", redis.tcp_url()},
                                        {"key", "user:{{n}}"},
                                        {"output", "user"},
                                        {"cache", no_cache()}}}});
  const std::string input = numbered(full_or_smoke<std::size_t>(1'000'000, 2'000), kRedisKeys);
  report_rounds(state, "keys/s", [&]() -> Round {
    std::string output;
    MeasuredRun ran = run(plan, input, output, 4096);
    const auto loaded =
        test::run_process({"/usr/bin/redis-benchmark", "-p", std::to_string(redis.port()), "-P",
                           "16", "-c", "50", "-r", std::to_string(kRedisKeys), "-n",
                           full_or_smoke("2000000", "50000"), "--csv", "GET", "user:__rand_int__"});
    constexpr std::string_view kLabel = "__\",\"";
    const std::size_t at = loaded.out.rfind(kLabel);
    require(loaded.code == 0 && at != std::string::npos, "redis-benchmark: " + loaded.out);
    const double theirs = std::strtod(loaded.out.c_str() + at + kLabel.size(), nullptr);
    return {std::move(ran), theirs};
  });
}
BENCHMARK(redis_against_redis_benchmark)->Iterations(1)->Unit(benchmark::kMillisecond);

constexpr const char* kLocations =
    "location ~ ^/users/([0-9]+)$ { default_type application/json;"
    " return 200 '{\"id\":$1,\"plan\":\"team\",\"org\":{\"name\":\"acme\"},\"padding\":"
    "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}'; }";

void http_against_wrk(benchmark::State& state) {
  if (!test::Nginx::is_installed()) return state.SkipWithError("nginx is not installed");
  const test::Nginx nginx(kLocations);
  const auto plan = plan_of_services({{"http",
                                       {{"url", nginx.url() + "/users/{{n}}"},
                                        {"fields", Setting::map({{"plan", "/plan"}})},
                                        {"connections", 64},
                                        {"cache", no_cache()}}}});
  const std::string input = numbered(full_or_smoke<std::size_t>(100'000, 500), 1'000'000);
  report_rounds(state, "requests/s", [&]() -> Round {
    std::string output;
    MeasuredRun ran = run(plan, input, output, 256);
    const auto loaded = test::run_process(
        {"/usr/bin/wrk", "-c64", "-t1", full_or_smoke("-d2", "-d1"), nginx.url() + "/users/12345"});
    constexpr std::string_view kLabel = "Requests/sec:";
    const std::size_t at = loaded.out.find(kLabel);
    require(loaded.code == 0 && at != std::string::npos, "wrk: " + loaded.out + loaded.err);
    const double theirs = std::strtod(loaded.out.c_str() + at + kLabel.size(), nullptr);
    return {std::move(ran), theirs};
  });
}
BENCHMARK(http_against_wrk)->Iterations(1)->Unit(benchmark::kMillisecond);

void postgres_batches_against_one_query_a_key(benchmark::State& state) {
  if (!test::PostgresServer::is_installed()) return state.SkipWithError("PostgreSQL is missing");
  test::PostgresServer postgres;
  postgres.execute("create table users (id text primary key, plan text not null)");
  postgres.execute(
      "insert into users select i::text, 'plan ' || i % 7 "
      "from generate_series(0, 99999) i");
  postgres.execute("grant select on users to reader");
  postgres.execute("analyze users");
  const auto plan_of = [&](bool batches) {
    return plan_of_services({{"postgres",
                              {{"url", postgres.socket_url()},
                               {"query", batches ? "select id, plan from users where id = any($1)"
                                                 : "select plan from users where id = $1"},
                               {"parameters", Setting::list({"{{n}}"})},
                               {"fields", Setting::map({{"plan", "plan"}})},
                               {"connections", 1},
                               {"cache", no_cache()}}}});
  };
  const std::string many = numbered(full_or_smoke<std::size_t>(200'000, 2'000), 100'000);
  const std::string few = numbered(full_or_smoke<std::size_t>(10'000, 200), 100'000);
  report_rounds(state, "keys/s", [&]() -> Round {
    std::string output;
    MeasuredRun batched = run(plan_of(true), many, output, 4096);
    // One query a key, one at a time: what a program does that asks for each event.
    const MeasuredRun single = run(plan_of(false), few, output, 1);
    const double theirs = static_cast<double>(single.report.counts.read) / single.seconds;
    return {std::move(batched), theirs};
  });
}
BENCHMARK(postgres_batches_against_one_query_a_key)->Iterations(1)->Unit(benchmark::kMillisecond);

// At once: so many packets the socket of a server that is not running just now can keep; one that
// is lost costs 300 ms.
constexpr std::size_t kQuestions = 64;

void dns_against_a_bare_socket(benchmark::State& state) {
  if (!test::Dnsmasq::installed()) return state.SkipWithError("dnsmasq is not installed");
  const test::Dnsmasq dns({"--address=/people.example/192.0.2.7"});
  const auto plan =
      plan_of_services({{"dns",
                         {{"record", "a"},
                          {"query", "u{{n}}.people.example"},
                          {"output", "address"},
                          {"servers", Setting::list({fmt::format("127.0.0.1:{}", dns.port())})},
                          {"cache", no_cache()}}}});
  const auto questions = full_or_smoke<std::size_t>(50'000, 500);
  const std::string input = numbered(questions, 1'000'000);
  report_rounds(state, "questions/s", [&]() -> Round {
    std::string output;
    MeasuredRun ran = run(plan, input, output, kQuestions);
    require(output.find("\"address\":\"192.0.2.7\"") != std::string::npos, "an address");
    const double theirs = ask_bare_questions(dns.port(), questions, kQuestions);
    return {std::move(ran), theirs};
  });
}
BENCHMARK(dns_against_a_bare_socket)->Iterations(1)->Unit(benchmark::kMillisecond);

// As docs/enrichers/exec.md shows it.
constexpr const char* kProgram = R"(
import json, sys

for line in sys.stdin:
    asked = json.loads(line)
    owner = "ops" if asked["event"]["ip"].startswith("192.") else None
    print(json.dumps({"id": asked["id"], "set": {"owner": owner}}), flush=True)
)";
constexpr std::size_t kLines = 64;  // that a process has at once

// Lines a second: as many written as it may have, then as many read.
double feed_by_hand(const std::vector<std::string>& command, std::size_t count) {
  test::ChildProcess child(command);
  std::string lines;
  double start = 0;
  // The first lines wait for Python to start.
  for (std::size_t done = 0; done < count + kLines; done += kLines) {
    lines.clear();
    for (std::size_t i = done; i < done + kLines; ++i) {
      lines += fmt::format("{{\"id\":{},\"event\":{{\"n\":{},\"ip\":\"192.0.2.{}\"}}}}\n", i, i,
                           i % 250);
    }
    child.write(lines);
    for (std::size_t i = 0; i < kLines; ++i) {
      require(child.read_line().find("\"owner\": \"ops\"") != std::string::npos, "an answer");
    }
    if (done == 0) start = wall_seconds();
  }
  return static_cast<double>(count) / (wall_seconds() - start);
}

void exec_against_a_program_fed_by_hand(benchmark::State& state) {
  const test::TemporaryDirectory folder;
  const std::vector<std::string> command = {"/usr/bin/python3", folder.file("owner.py", kProgram)};
  const auto plan = plan_of_services(
      {{"exec",
        {{"command", Setting::list({std::string_view(command[0]), std::string_view(command[1])})},
         {"input", Setting::list({"n", "ip"})},
         {"fields", Setting::map({{"owner", "/owner"}})},
         {"cache", no_cache()}}}});
  // Enough that Python's start does not count: it is one process for the run.
  const auto lines = full_or_smoke<std::size_t>(100 * 1024, 256);
  const std::string input = numbered(lines, 1'000'000);
  report_rounds(state, "lines/s", [&]() -> Round {
    std::string output;
    MeasuredRun ran = run(plan, input, output, 256);
    const double theirs = feed_by_hand(command, lines);
    return {std::move(ran), theirs};
  });
}
BENCHMARK(exec_against_a_program_fed_by_hand)->Iterations(1)->Unit(benchmark::kMillisecond);

// --- three at once

// HTTP, Redis and DNS, each behind a delay of so many ms. A larger window means more requests a
// second from the same two cores, on which the services run too.
void three_at_once(benchmark::State& state) {
  if (!test::RedisServer::installed() || !test::Nginx::is_installed() ||
      !test::Dnsmasq::installed()) {
    return state.SkipWithError("redis-server, nginx or dnsmasq is not installed");
  }
  const test::RedisServer redis;
  fill(redis);
  const test::Nginx nginx(kLocations);
  std::vector<std::string> records;
  for (int i = 0; i < 250; ++i) {
    records.push_back(fmt::format("--ptr-record={0}.2.0.192.in-addr.arpa,host-{0}.example", i));
  }
  const test::Dnsmasq dns(records);
  DelayingProxy proxy;
  const auto delay = [&](int which) { return std::chrono::milliseconds(state.range(which)); };
  const auto plan = plan_of_services(
      {{"http",
        {{"url",
          fmt::format("http://127.0.0.1:{}/users/{{{{n}}}}", proxy.stream(nginx.port(), delay(0)))},
         {"fields", Setting::map({{"plan", "/plan"}})},
         {"cache", no_cache()}}},
       {"redis",
        {{"url", fmt::format("redis://127.0.0.1:{}", proxy.stream(redis.port(), delay(1)))},
         {"key", "user:{{n}}"},
         {"output", "user"},
         {"cache", no_cache()}}},
       {"dns",
        {{"record", "ptr"},
         {"input", "ip"},
         {"output", "host"},
         {"servers",
          Setting::list({fmt::format("127.0.0.1:{}", proxy.datagrams(dns.port(), delay(2)))})},
         {"cache", no_cache()}}}});
  const std::string alone = numbered(full_or_smoke<std::size_t>(200, 5), kRedisKeys);
  const std::string input = numbered(full_or_smoke<std::size_t>(4'000, 50), kRedisKeys);
  const auto window = static_cast<std::uint32_t>(state.range(3));
  for (auto _ : state) {
    std::vector<double> ratios;
    std::vector<double> latencies;
    std::vector<double> window_shares;
    for (int round = 0; round < full_or_smoke(3, 1); ++round) {
      std::string in_sequence;
      std::string in_parallel;
      const MeasuredRun one = run(plan, alone, in_parallel, 1);
      double slowest = 0;
      for (const EnricherMetrics& enricher : one.report.metrics.enrichers) {
        slowest = std::max(slowest, std::chrono::duration<double>(enricher.mean()).count());
      }
      const auto event = std::chrono::duration<double>(one.report.metrics.events.mean_wall());
      latencies.push_back(event.count() / slowest);
      const MeasuredRun sequential = run(plan, input, in_sequence, window, Mode::sequential);
      const MeasuredRun parallel = run(plan, input, in_parallel, window);
      require(in_sequence == in_parallel, "parallel and sequential differ");
      ratios.push_back(sequential.seconds / parallel.seconds);
      const double events = static_cast<double>(parallel.report.counts.read);
      window_shares.push_back(events / window * slowest / parallel.seconds);
      if (round == 0) report_use(state, parallel);
    }
    report(state, ratios);
    state.counters["latency_over_slowest"] = median(latencies);
    // What the window allows in the time of the slowest, as far as this comes to it.
    state.counters["of_the_window"] = median(window_shares);
  }
}
BENCHMARK(three_at_once)
    ->ArgNames({"http_ms", "redis_ms", "dns_ms", "window"})
    ->Args({5, 1, 2, 16})
    ->Args({5, 5, 5, 8})
    ->Args({5, 5, 5, 16})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
