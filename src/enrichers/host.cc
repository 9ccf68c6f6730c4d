// host: the name of this machine and the number of this process.

#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "core/json_text.h"
#include "enrichers/builtin.h"

namespace logbraid {
namespace {

struct Fact {
  FieldPath path;
  std::string text;  // a string where it is not empty
  std::int64_t number = 0;

  Value value() const { return text.empty() ? Value(number) : Value(std::string_view(text)); }
};

class HostEnricher final : public SyncEnricher {
 public:
  explicit HostEnricher(std::vector<Fact> facts) : facts_(std::move(facts)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    for (const Fact& fact : facts_) {
      const Value present = event.get(fact.path);
      if (present.absent() || present.is_null()) patch.set_view(fact.path, fact.value());
    }
    return CallResult::ok;
  }

 private:
  const std::vector<Fact> facts_;
};

Result<Fact> find_fact(const std::string& name, const Settings& settings) {
  if (name == "pid") return Fact{FieldPath(name), "", ::getpid()};
  if (name != "hostname") {
    return settings.error("fields", "there is no \"" + name + "\"; write hostname, pid or both");
  }
  std::array<char, 256> text{};  // 255 bytes at most: POSIX' HOST_NAME_MAX and Linux' 64
  if (::gethostname(text.data(), text.size() - 1) != 0) {
    return settings.error(
        "fields", "the host's name cannot be read: " + std::generic_category().message(errno));
  }
  Fact fact{FieldPath(name), "", 0};
  append_valid_utf8(fact.text, text.data());
  if (fact.text.empty()) return settings.error("fields", "this host has no name; leave it out");
  return fact;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  std::vector<Fact> facts;
  std::vector<FieldPath> paths;
  for (const std::string& name : settings.strings("fields")) {
    auto fact = find_fact(name, settings);
    if (!fact) return fact.error();
    paths.push_back(fact->path);
    facts.push_back(*std::move(fact));
  }
  if (facts.empty()) return settings.error("fields", "adds no field; write [hostname, pid]");
  return EnricherInstance{.enricher = std::make_shared<HostEnricher>(std::move(facts)),
                          .placement = Placement::inline_,
                          .reads = paths,
                          .writes = paths};
}

}  // namespace

EnricherKind host_enricher() {
  return {
      .name = "host",
      .summary = "Adds the name of this host and the process id",
      .help = R"(Sets hostname and pid where the event lacks them or has null there; what an event
brings along stays. Both are read once, when the pipeline is built.

  enrichers:
    - name: host
      type: host
      fields: [hostname]
)",
      .settings =
          {
              {.name = "fields",
               .type = SettingType::strings,
               .default_text = "[hostname, pid]",
               .help = "Which of hostname and pid to set."},
          },
      .make = make,
  };
}

}  // namespace logbraid
