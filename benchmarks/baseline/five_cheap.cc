#include "benchmarks/baseline/five_cheap.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "benchmarks/support/rounds.h"
#include "enrichers/builtin.h"
#include "logbraid/registry.h"

namespace logbraid::bench {
namespace {

Setting map(std::vector<Setting::Member> members) { return Setting::map(std::move(members)); }

void add(Registry& registry, const std::string& kind, const Setting& settings) {
  EnricherMetadata metadata;
  metadata.name = kind;
  const Result<void> added = registry.add_instance(metadata, kind, settings, {});
  require(added.has_value(), added ? "" : added.error().to_string());
}

}  // namespace

std::vector<Network> make_networks() {
  std::mt19937 random(1);
  std::vector<Network> networks;
  for (unsigned i = 0; i < 1000; ++i) {
    const unsigned length = 16 + i % 9;
    const unsigned address =
        (unsigned{10} << 24 | (random() & 0x00FFFFFF)) & (~0u << (32 - length));
    char prefix[32];
    std::snprintf(prefix, sizeof prefix, "%u.%u.%u.%u/%u", address >> 24, address >> 16 & 255,
                  address >> 8 & 255, address & 255, length);
    networks.push_back({prefix, "site-" + std::to_string(i % 40), "zone-" + std::to_string(i % 7)});
  }
  return networks;
}

void write_networks(const std::vector<Network>& networks, const std::string& file) {
  std::ofstream table(file);
  table << "network,site,zone\n";
  for (const Network& network : networks) {
    table << network.prefix << ',' << network.site << ',' << network.zone << '\n';
  }
  table.close();
  require(table.good(), "the table is written");
}

std::string make_lines(std::size_t count) {
  std::mt19937 random(2);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const char* const levels[] = {"debug", "info", "warning", "error"};
  const char* const methods[] = {"GET", "POST", "PUT", "DELETE"};
  const char* const paths[] = {"/api/v2/orders", "/api/v2/users", "/static/app.js", "/index.html"};
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) {
    char text[1024];
    const int size = std::snprintf(
        text, sizeof text,
        R"({"timestamp":"2026-05-%02uT%02u:%02u:%02u.%06uZ","level":"%s","service":"checkout",)"
        R"("host":"web-%03u","client_ip":"10.%u.%u.%u","method":"%s","path":"%s?page=%u&uid=%u",)"
        R"("status":%u,"bytes":%u,"duration_ms":%u.%03u,"user":"user-%u","tags":["a","b%u"],)"
        R"("trace_id":"%08lx%08lx","cached":%s,"message":"order was accepted after %u checks, )"
        R"(nothing else to say about it here"})",
        1 + below(28), below(24), below(60), below(60), below(1000000), levels[below(4)], below(50),
        below(256), below(256), below(256), methods[below(4)], paths[below(4)], below(20),
        below(100000), 200 + below(350), below(1000000), below(5000), below(1000), below(10000000),
        below(10), static_cast<unsigned long>(random()), static_cast<unsigned long>(random()),
        below(2) == 0 ? "true" : "false", below(100));
    lines.append(text, static_cast<std::size_t>(size));
    lines += '\n';
  }
  return lines;
}

std::shared_ptr<const ExecutionPlan> five_cheap_plan(const std::vector<Network>& networks) {
  char file[] = "/tmp/logbraid-networks-XXXXXX";
  const int descriptor = mkstemp(file);
  require(descriptor >= 0, "no temporary file");
  close(descriptor);
  write_networks(networks, file);
  Registry registry;
  for (const EnricherKind& kind : builtin_enrichers()) {
    require(registry.add_kind(kind).has_value(), "kind");
  }
  add(registry, "static", map({{"fields", map({{"version", "1.4.2"}, {"region", "eu-west"}})}}));
  add(registry, "table",
      map({{"file", std::string_view(file)},
           {"key", "network"},
           {"match", "cidr"},
           {"input", "client_ip"},
           {"output", "net"},
           {"duplicates", "last"}}));
  const auto rule = [](Setting when, const char* name, int score) {
    return map({{"when", std::move(when)}, {"set", map({{"class", name}, {"score", score}})}});
  };
  add(registry, "classify",
      map({{"rules",
            Setting::list(
                {rule(map({{"field", "status"}, {"range", Setting::list({500, 599})}}), "error", 5),
                 rule(map({{"field", "path"}, {"prefix", "/api/"}}), "api", 1)})},
           {"default", map({{"class", "page"}, {"score", 0}})}}));
  add(registry, "url", map({{"input", "path"}, {"output", "url"}}));
  add(registry, "hash", map({{"input", "user"}, {"output", "user_hash"}}));
  const std::vector<std::string> names = {"static", "table", "classify", "url", "hash"};
  auto plan = registry.resolve(names);
  std::remove(file);
  require(plan.has_value(), plan ? "" : plan.error().to_string());
  return *plan;
}

}  // namespace logbraid::bench
