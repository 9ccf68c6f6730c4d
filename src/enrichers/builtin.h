#pragma once

#include <span>
#include <string_view>

#include "logbraid/kind.h"

namespace logbraid {

// The kinds of enrichers that come with logbraid, by name. An explicit list: nothing registers
// itself.
//
// Threads: any.
std::span<const EnricherKind> builtin_enrichers();

// The kind of that name or alias; null where there is none.
const EnricherKind* find_enricher_kind(std::string_view name_or_alias);

// Each in the file of its name.
EnricherKind classify_enricher();
EnricherKind delay_enricher();
EnricherKind geoip_enricher();
EnricherKind hash_enricher();
EnricherKind host_enricher();
EnricherKind static_enricher();
EnricherKind table_enricher();
EnricherKind url_enricher();

}  // namespace logbraid
