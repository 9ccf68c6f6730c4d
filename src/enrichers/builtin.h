#pragma once

#include "logbraid/builtin.h"
#include "logbraid/kind.h"

namespace logbraid {

// Each in the file of its name.
EnricherKind classify_enricher();
EnricherKind delay_enricher();
EnricherKind dns_enricher();
EnricherKind exec_enricher();
EnricherKind geoip_enricher();
EnricherKind hash_enricher();
EnricherKind host_enricher();
EnricherKind http_enricher();
EnricherKind postgres_enricher();
EnricherKind redis_enricher();
EnricherKind sqlite_enricher();
EnricherKind static_enricher();
EnricherKind table_enricher();
EnricherKind url_enricher();

}  // namespace logbraid
