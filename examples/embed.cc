// logbraid in a program of one's own: two enrichers, one after the other, and their outcomes.
#include <cstdio>
#include <string>

#include "logbraid/engine.h"
#include "logbraid/registry.h"

using namespace logbraid;

int main() {
  Registry registry;
  const FieldPath path("path"), area("area"), admin("is_admin");

  EnricherMetadata find_area;
  find_area.name = "area";
  find_area.writes = {area};
  auto added = registry.add(find_area, [&](const EventView& event, Patch& patch) -> EnrichStatus {
    const std::string_view text = event.get_string(path);
    if (!text.starts_with('/')) return EnrichStatus::error("path does not start with /");
    patch.set_view(area, text.substr(1, text.find('/', 1) - 1));
    return {};
  });
  EnricherMetadata find_admin;
  find_admin.name = "admin";
  find_admin.reads = {area};  // so it runs after what writes it
  if (added)
    added = registry.add(find_admin, [&](const EventView& event, Patch& patch) {
      patch.set(admin, event.get_string(area) == "admin");
      return EnrichStatus();
    });
  if (!added) return std::fprintf(stderr, "%s\n", added.error().to_string().c_str()), 1;

  auto engine = Engine::create(registry, {"area", "admin"});
  if (!engine) return std::fprintf(stderr, "%s\n", engine.error().to_string().c_str()), 1;
  for (const char* line : {R"({"path":"/admin/users"})", R"({"path":"nowhere"})"}) {
    auto event = OwnedEvent::from_json(line);
    if (!event) continue;
    const auto enriched = (*engine)->enrich(*std::move(event));
    if (!enriched) continue;
    std::printf("%s\n", enriched->to_json().c_str());
    const auto outcome = enriched->outcome("area");
    if (!outcome->reason.empty()) std::printf("area: %s\n", std::string(outcome->reason).c_str());
  }
}
