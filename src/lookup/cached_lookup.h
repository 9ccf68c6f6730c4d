#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/kind.h"
#include "logbraid/path.h"
#include "lookup/lookup_enricher.h"
#include "lookup/lookup_key.h"
#include "lookup/lookup_options.h"
#include "lookup/request.h"

namespace logbraid {

// What makes an enricher of the look-up layer: all that is its own.
struct LookupParts {
  KeySpec key;
  std::vector<FieldPath> fields;  // that answers are about; clients speak of them by number
  LookupOptions options;
  // For each shard, once, on its thread or before that runs.
  std::function<std::unique_ptr<Client>(const LookupSurroundings&)> make_client;
};

// It reads what its key is made of and writes its fields; runs where events are, `async`.
EnricherInstance make_lookup(LookupParts parts);

}  // namespace logbraid
