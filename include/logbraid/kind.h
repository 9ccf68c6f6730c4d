#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/enricher.h"
#include "logbraid/metadata.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// An enricher made from settings.
struct EnricherInstance {
  EnricherPtr enricher;
  Placement placement = Placement::inline_;  // where it belongs
  std::vector<FieldPath> reads;
  std::vector<FieldPath> writes;
  // Calls its client can carry at once, a shard; nullopt: where nothing says otherwise.
  std::optional<std::uint32_t> max_in_flight = {};
};

// What the maker of an instance may ask of its surroundings. The library reads no environment: the
// caller passes a look-up function, the agent passes getenv.
struct MakeContext {
  std::function<std::optional<std::string>(std::string_view)> environment;
  // Relative file names in settings start here (the folder of the configuration file).
  std::string base_directory;

  std::string resolve_path(const std::string& path) const;
};

// A kind of enricher: one description that feeds the plan, `logbraid list`, the docs page, the
// configuration's checks and its JSON schema.
struct EnricherKind {
  std::string name;     // `type:` in a configuration, the scheme of a URI
  std::string summary;  // one line
  std::string help;     // a paragraph or more, with an example in YAML
  std::vector<SettingSpec> settings;
  std::function<Result<EnricherInstance>(const Settings&, const MakeContext&)> make;
  // Schemes of fapilog's URIs that mean this kind: "environment" for static.
  std::vector<std::string> aliases = {};
  // Settings of any name are fields (static): unknown names are no errors, and go to make().
  bool open_settings = false;
};

}  // namespace logbraid
