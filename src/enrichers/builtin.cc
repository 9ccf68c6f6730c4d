#include "enrichers/builtin.h"

#include <algorithm>
#include <vector>

namespace logbraid {

std::span<const EnricherKind> builtin_enrichers() {
  static const std::vector<EnricherKind> kinds = {
    classify_enricher(),  //
    delay_enricher(),     //
#if LOGBRAID_HAS_DNS
    dns_enricher(),
#endif
    exec_enricher(),   //
    geoip_enricher(),  //
    hash_enricher(),   //
    host_enricher(),   //
#if LOGBRAID_HAS_HTTP
    http_enricher(),
#endif
#if LOGBRAID_HAS_POSTGRES
    postgres_enricher(),
#endif
#if LOGBRAID_HAS_REDIS
    redis_enricher(),
#endif
#if LOGBRAID_HAS_SQLITE
    sqlite_enricher(),
#endif
    static_enricher(),  //
    table_enricher(),   //
    url_enricher(),
  };
  return kinds;
}

const EnricherKind* find_enricher_kind(std::string_view name_or_alias) {
  for (const EnricherKind& kind : builtin_enrichers()) {
    if (kind.name == name_or_alias || std::ranges::count(kind.aliases, name_or_alias) != 0) {
      return &kind;
    }
  }
  return nullptr;
}

}  // namespace logbraid
