// One call of each built-in enricher, against the same work written by hand for that one purpose.
//
// Both see the same events, 380-byte lines in parsed batches, and give the same values, which is
// checked before anything is timed. `ratio` is the median over rounds in which both ran one after
// the other: enricher to baseline; `ns` and `hand_ns` are the medians for an event.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <maxminddb.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/batch.h"
#include "core/json_text.h"
#include "enrichers/builtin.h"
#include "format/json_reader.h"
#include "support/cidr.h"

namespace logbraid {
namespace {

constexpr std::size_t kEvents = 1000;
constexpr std::size_t kBatch = 170;  // events in 64 KiB: then arenas start anew
constexpr int kRounds = 61;

// What one event got, in order. Strings must outlive the comparison.
using Values = std::vector<Value>;
// The same work by hand: appends the values to `out`; memory from `arena`.
using Hand = std::function<void(const Event& event, Values& out, Arena& arena)>;

// Lines of a web service. One address in four is known to the databases for tests.
std::string make_line(std::mt19937& random) {
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const char* const agents[] = {"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
                                "Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5.0"};
  const char* const paths[] = {"/api/v2/orders", "/static/app.js", "/search", "/"};
  std::array<char, 32> address;
  if (below(4) == 0) {
    std::snprintf(address.data(), address.size(), "81.2.69.%u", 142 + below(50));
  } else {
    std::snprintf(address.data(), address.size(), "%u.%u.%u.%u", 1 + below(220), below(256),
                  below(256), below(256));
  }
  std::array<char, 1024> text;
  const int size = std::snprintf(
      text.data(), text.size(),
      R"({"timestamp":"2024-05-%02uT%02u:%02u:00Z","level":"info","service":"shop","client_ip":"%s",)"
      R"("method":"GET","path":"%s?uid=%u&page=%u&q=red%%20shoes","status":%u,"bytes":%u,)"
      R"("user_agent":"%s","user":"u%u","message":")",
      1 + below(28), below(24), below(60), address.data(), paths[below(4)], below(1000000),
      below(20), 200 + below(350), below(1000000), agents[below(3)], below(5000));
  std::string line(text.data(), static_cast<std::size_t>(size));
  line.resize(std::max<std::size_t>(line.size(), 378), 'x');
  return line + "\"}";
}

Batch& events() {
  static Batch batch;
  if (batch.records().empty()) {
    std::mt19937 random(20240501);
    std::string text;
    for (std::size_t i = 0; i < kEvents; ++i) text += make_line(random) + "\n";
    batch.reserve(text.size());
    std::memcpy(batch.buffer(), text.data(), text.size());
    batch.set_size(text.size());
    JsonReader().read(batch);
  }
  return batch;
}

std::string_view text_of(const Event& event, std::string_view key) {
  for (const Field& field : event.fields()) {
    if (field.key_text() == key) return field.raw_text();
  }
  return {};
}

// A directory for the files of tables; gone with the process.
const std::filesystem::path& directory() {
  static const struct Made {
    std::filesystem::path path;
    Made() {
      std::string name = (std::filesystem::temp_directory_path() / "logbraid.XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) std::perror("mkdtemp");
      path = name;
    }
    ~Made() {
      std::error_code ignored;  // a leftover harms nobody
      std::filesystem::remove_all(path, ignored);
    }
  } made;
  return made.path;
}

struct Network {
  std::uint32_t first;
  int length;
};

std::vector<Network> make_networks(std::size_t count) {
  std::mt19937 random(7);
  std::vector<Network> networks;
  std::unordered_map<std::uint64_t, bool> seen;
  while (networks.size() < count) {
    const int length = 8 + static_cast<int>(random() % 17);
    const auto first = static_cast<std::uint32_t>(random() & ~0u << (32 - length));
    if (seen.emplace(std::uint64_t{first} << 8 | static_cast<unsigned>(length), true).second) {
      networks.push_back({first, length});
    }
  }
  return networks;
}

std::string write_networks(const std::vector<Network>& networks) {
  const std::filesystem::path file =
      directory() / ("networks" + std::to_string(networks.size()) + ".csv");
  std::ofstream out(file);
  out << "network,site,owner\n";
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::uint32_t n = networks[i].first;
    out << (n >> 24) << '.' << (n >> 16 & 255) << '.' << (n >> 8 & 255) << '.' << (n & 255) << '/'
        << networks[i].length << ",site" << i << ",owner" << i % 100 << "\n";
  }
  return file.string();
}

std::string spelled(const Values& values) {
  std::string json;
  for (const Value& value : values) append_json(json, value);
  return json;
}

class Comparison {
 public:
  Comparison(const EnricherKind& kind, const Setting& settings, Hand hand)
      : hand_(std::move(hand)) {
    const auto checked = Settings::check(settings, kind.settings, kind.open_settings);
    if (!checked) {
      error_ = checked.error().to_string();
      return;
    }
    auto made = kind.make(*checked, {});
    if (!made) {
      error_ = made.error().to_string();
      return;
    }
    enricher_ = std::get<std::shared_ptr<SyncEnricher>>(made->enricher);
    check();
  }

  void run(benchmark::State& state) {
    if (!error_.empty()) {
      state.SkipWithError(error_.c_str());
      return;
    }
    std::vector<double> ours, theirs, ratios;
    for (auto _ : state) {
      for (int round = 0; round < kRounds; ++round) {
        const double first = time([this] { run_enricher(); });
        const double second = time([this] { run_hand(); });
        ours.push_back(first);
        theirs.push_back(second);
        ratios.push_back(first / second);
      }
    }
    state.counters["ns"] = median(ours);
    state.counters["hand_ns"] = median(theirs);
    state.counters["ratio"] = median(ratios);
  }

 private:
  static double median(std::vector<double>& figures) {
    const auto middle = figures.begin() + static_cast<long>(figures.size() / 2);
    std::nth_element(figures.begin(), middle, figures.end());
    return *middle;
  }
  template <class Work>
  static double time(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / static_cast<double>(kEvents);
  }

  void reset_after(std::size_t count) {
    if (count % kBatch != 0) return;
    arena_.reset();
    scratch_.reset();
  }

  void run_enricher() {
    std::size_t count = 0;
    for (const Record& record : events().records()) {
      Patch patch(&arena_);
      const EventView view(record.event, scratch_);
      benchmark::DoNotOptimize(enricher_->enrich(view, patch));
      benchmark::DoNotOptimize(patch);
      reset_after(++count);
    }
  }
  void run_hand() {
    std::size_t count = 0;
    for (const Record& record : events().records()) {
      values_.clear();
      hand_(record.event, values_, arena_);
      benchmark::DoNotOptimize(values_);
      reset_after(++count);
    }
  }

  void check() {
    std::size_t found = 0;
    for (const Record& record : events().records()) {
      Patch patch(&arena_);
      const EventView view(record.event, scratch_);
      if (enricher_->enrich(view, patch).result == CallResult::error) error_ = "a call failed";
      Values ours;
      for (const PatchOp& op : patch.ops()) ours.push_back(op.value);
      values_.clear();
      hand_(record.event, values_, arena_);
      if (spelled(ours) != spelled(values_)) {
        error_ = "the values differ: " + spelled(ours) + " and by hand " + spelled(values_);
      }
      found += !ours.empty();
    }
    if (found == 0) error_ = "no event got anything";
  }

  std::shared_ptr<SyncEnricher> enricher_;
  Hand hand_;
  Values values_;
  Arena arena_;
  Arena scratch_;
  std::string error_;
};

void static_fields(benchmark::State& state) {
  const Setting fields = Setting::map({{"version", "1.0.0"}, {"replicas", 3}});
  Comparison(static_enricher(), Setting::map({{"fields", fields}}),
             [](const Event&, Values& out, Arena&) {
               out.push_back("1.0.0");
               out.push_back(3);
             })
      .run(state);
}

void table_exact(benchmark::State& state) {
  const std::string file = (directory() / "users.csv").string();
  std::unordered_map<std::string, std::array<std::string, 2>> users;
  {
    std::ofstream out(file);
    out << "user,plan,city\n";
    for (int i = 0; i < 4000; ++i) {
      const std::string n = std::to_string(i);
      users["u" + n] = {"plan" + n, "city" + n};
      out << "u" << n << ",plan" << n << ",city" << n << "\n";
    }
  }
  Comparison(table_enricher(),
             Setting::map({{"file", file}, {"input", "user"}, {"output", "account"}}),
             [users](const Event& event, Values& out, Arena&) {
               const auto found = users.find(std::string(text_of(event, "user")));
               if (found == users.end()) return;
               for (const std::string& value : found->second) {
                 out.push_back(std::string_view(value));
               }
             })
      .run(state);
}

// By hand: a hash table for each length of prefix, the longest asked first.
void table_cidr(benchmark::State& state) {
  const auto networks = make_networks(static_cast<std::size_t>(state.range(0)));
  std::array<std::unordered_map<std::uint32_t, std::array<std::string, 2>>, 33> tables;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    tables[static_cast<std::size_t>(networks[i].length)][networks[i].first] = {
        "site" + std::to_string(i), "owner" + std::to_string(i % 100)};
  }
  Comparison(table_enricher(),
             Setting::map({{"file", write_networks(networks)},
                           {"input", "client_ip"},
                           {"match", "cidr"},
                           {"output", "net"}}),
             [&tables](const Event& event, Values& out, Arena&) {
               const std::string text(text_of(event, "client_ip"));
               in_addr parsed;
               if (::inet_pton(AF_INET, text.c_str(), &parsed) != 1) return;
               const std::uint32_t address = ntohl(parsed.s_addr);
               for (int length = 24; length >= 8; --length) {
                 const auto& table = tables[static_cast<std::size_t>(length)];
                 const auto found = table.find(address & ~0u << (32 - length));
                 if (found == table.end()) continue;
                 for (const std::string& value : found->second) {
                   out.push_back(std::string_view(value));
                 }
                 return;
               }
             })
      .run(state);
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &code) == 1) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

// By hand: find and substr, a std::string for each piece.
void url(benchmark::State& state) {
  const bool whole = state.range(0) == 1;
  Comparison(url_enricher(), Setting::map({{"query", whole ? Setting(true) : Setting("uid")}}),
             [whole](const Event& event, Values& out, Arena& arena) {
               const std::string_view target = text_of(event, "path");
               const std::size_t mark = std::min(target.find('?'), target.size());
               const std::string_view path = target.substr(0, mark);
               out.push_back(arena.copy(path));
               const std::size_t dot = path.rfind('.');
               if (dot != std::string_view::npos) out.push_back(arena.copy(path.substr(dot + 1)));
               std::string_view query = target.substr(std::min(mark + 1, target.size()));
               std::string object = "{";
               while (!query.empty()) {
                 const std::size_t end = std::min(query.find('&'), query.size());
                 const std::string_view parameter = query.substr(0, end);
                 query.remove_prefix(std::min(end + 1, query.size()));
                 const std::size_t equals = std::min(parameter.find('='), parameter.size());
                 const std::string name = decoded(parameter.substr(0, equals));
                 if (!whole && name != "uid") continue;
                 const std::string value = decoded(parameter.substr(equals + 1));
                 if (!whole) {
                   out.push_back(arena.copy(value));
                   continue;
                 }
                 if (object.size() > 1) object += ',';
                 append_json_string(object, name);
                 object += ':';
                 append_json_string(object, value);
               }
               if (whole) out.push_back(Value::object(arena.copy(object + "}")));
             })
      .run(state);
}

void classify(benchmark::State& state) {
  const auto rule = [](Setting when, const char* name, int score) {
    return Setting::map(
        {{"when", std::move(when)}, {"set", Setting::map({{"class", name}, {"score", score}})}});
  };
  const Setting rules =
      Setting::list({rule(Setting::map({{"field", "path"}, {"prefix", "/static/"}}), "asset", 0),
                     rule(Setting::map({{"field", "status"}, {"range", Setting::list({500, 599})}}),
                          "failure", 9),
                     rule(Setting::map({{"field", "path"}, {"prefix", "/api/"}}), "api", 3)});
  Comparison(classify_enricher(),
             Setting::map(
                 {{"rules", rules}, {"default", Setting::map({{"class", "page"}, {"score", 1}})}}),
             [](const Event& event, Values& out, Arena&) {
               const std::string_view path = text_of(event, "path");
               int status = 0;
               for (const char c : text_of(event, "status")) status = status * 10 + (c - '0');
               const bool asset = path.starts_with("/static/");
               const bool failure = !asset && status >= 500 && status <= 599;
               const bool api = !asset && !failure && path.starts_with("/api/");
               out.push_back(asset ? "asset" : failure ? "failure" : api ? "api" : "page");
               out.push_back(asset ? 0 : failure ? 9 : api ? 3 : 1);
             })
      .run(state);
}

void hash_xxh3(benchmark::State& state) {
  Comparison(hash_enricher(), Setting::map({{"input", "user_agent"}}),
             [](const Event& event, Values& out, Arena& arena) {
               const std::string_view text = text_of(event, "user_agent");
               std::array<char, 17> digits;
               std::snprintf(
                   digits.data(), digits.size(), "%016llx",
                   static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
               out.push_back(arena.copy({digits.data(), 16}));
             })
      .run(state);
}

void hash_hmac_sha256(benchmark::State& state) {
  static constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
  Comparison(hash_enricher(),
             Setting::map({{"input", "user_agent"}, {"algorithm", "hmac_sha256"}, {"key", kKey}}),
             [](const Event& event, Values& out, Arena& arena) {
               const std::string_view text = text_of(event, "user_agent");
               std::array<unsigned char, 32> digest;
               HMAC(EVP_sha256(), kKey.data(), static_cast<int>(kKey.size()),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
                    nullptr);
               std::array<char, 64> hex;
               for (std::size_t i = 0; i < digest.size(); ++i) {
                 hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
                 hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
               }
               out.push_back(arena.copy({hex.data(), hex.size()}));
             })
      .run(state);
}

// By hand: as libmaxminddb's documentation shows it.
void geoip(benchmark::State& state) {
  const char* const named = std::getenv("LOGBRAID_SHARED");
  const std::filesystem::path shared =
      named != nullptr ? named : std::filesystem::path(LOGBRAID_SOURCE_DIR) / ".." / "shared";
  const std::string file = (shared / "data/geo/GeoIP2-City-Test.mmdb").string();
  MMDB_s database;
  if (MMDB_open(file.c_str(), MMDB_MODE_MMAP, &database) != MMDB_SUCCESS) {
    state.SkipWithError(("needs " + file).c_str());
    return;
  }
  const std::vector<std::vector<const char*>> paths = {{"country", "iso_code", nullptr},
                                                       {"city", "names", "en", nullptr},
                                                       {"location", "latitude", nullptr},
                                                       {"location", "longitude", nullptr},
                                                       {"subdivisions", "0", "iso_code", nullptr}};
  const Setting places = Setting::map({{"country", "country/iso_code"},
                                       {"city", "city/names/en"},
                                       {"latitude", "location/latitude"},
                                       {"longitude", "location/longitude"},
                                       {"region", "subdivisions/0/iso_code"}});
  Comparison(
      geoip_enricher(), Setting::map({{"database", file}, {"paths", places}}),
      [&](const Event& event, Values& out, Arena&) {
        const std::string text(text_of(event, "client_ip"));
        int gai = 0;
        int status = 0;
        MMDB_lookup_result_s found = MMDB_lookup_string(&database, text.c_str(), &gai, &status);
        if (gai != 0 || status != MMDB_SUCCESS || !found.found_entry) return;
        for (const auto& path : paths) {
          MMDB_entry_data_s data;
          if (MMDB_aget_value(&found.entry, &data, path.data()) != MMDB_SUCCESS || !data.has_data) {
            continue;
          }
          if (data.type == MMDB_DATA_TYPE_DOUBLE) {
            out.push_back(data.double_value);
          } else {
            out.push_back(std::string_view(data.utf8_string, data.data_size));
          }
        }
      })
      .run(state);
  MMDB_close(&database);
}

BENCHMARK(static_fields)->Iterations(1);
BENCHMARK(table_exact)->Iterations(1);
BENCHMARK(table_cidr)->ArgName("networks")->Arg(1000)->Arg(100000)->Iterations(1);
BENCHMARK(url)->ArgName("whole_query")->Arg(1)->Arg(0)->Iterations(1);
BENCHMARK(classify)->Iterations(1);
BENCHMARK(hash_xxh3)->Iterations(1);
BENCHMARK(hash_hmac_sha256)->Iterations(1);
BENCHMARK(geoip)->Iterations(1);

}  // namespace
}  // namespace logbraid
