#pragma once

#include <span>
#include <string_view>

#include "logbraid/kind.h"

namespace logbraid {

// The kinds of enrichers that come with logbraid, by name: `registry.add_kind()` takes each. An
// explicit list: nothing registers itself. In a library of its own, `logbraid::enrichers`.
//
// Threads: any.
std::span<const EnricherKind> builtin_enrichers();

// The kind of that name or alias; null where there is none.
const EnricherKind* find_enricher_kind(std::string_view name_or_alias);

}  // namespace logbraid
