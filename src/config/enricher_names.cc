#include "config/enricher_names.h"

#include <unordered_map>
#include <unordered_set>

#include "config/uri.h"

namespace logbraid {
namespace {

const std::string* text_of(const Setting& item, std::string_view key) {
  const Setting* const member = item.find(key);
  return member != nullptr && member->is_string() ? &member->string() : nullptr;
}

std::string implied_name(const Setting& item) {
  if (const std::string* const type = text_of(item, "type")) return *type;
  if (item.is_string()) {
    if (auto uri = parse_enricher_uri(item.string())) return std::move(uri->scheme);
  }
  return "enricher";
}

}  // namespace

std::vector<std::string> enricher_names(const Setting& list) {
  std::vector<std::string> names(list.items().size());
  std::unordered_set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Setting* const name = list.items()[i].find("name");
    if (name == nullptr || !name->is_scalar() || name->is_null()) continue;
    names[i] = name->as_string().value();
    taken.insert(names[i]);
  }
  std::unordered_map<std::string, std::size_t> next;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) continue;
    const std::string base = implied_name(list.items()[i]);
    std::size_t& number = next[base];
    do {
      names[i] = ++number == 1 ? base : base + "_" + std::to_string(number);
    } while (!taken.insert(names[i]).second);
  }
  return names;
}

}  // namespace logbraid
