#pragma once

#include <string_view>

#include "config/error_list.h"
#include "config/references.h"
#include "logbraid/setting.h"

namespace logbraid {

// Lays one configuration over another: maps merge member by member; lists and scalars replace (a
// second file's `enrichers:` replaces the first's).
void merge(Setting& base, Setting over);

// `--set key=value`: sets one value of a tree. The key is dotted (a\.b is one step); a step into a
// list is an index, or the name of an enricher: enrichers.geo.timeout=50ms. The value is YAML.
// Errors: into `errors`: no `=`, no such enricher, a step below what is no map.
void apply_override(Setting& root, std::string_view text, const References& references,
                    ErrorList& errors);

}  // namespace logbraid
