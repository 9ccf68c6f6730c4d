#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/error_list.h"
#include "config/pipeline_config.h"
#include "config/references.h"
#include "logbraid/setting.h"

namespace logbraid {

// What a configuration is put together from.
struct ConfigInput {
  std::vector<std::string> files;      // each laid over those before it
  std::vector<std::string> overrides;  // `key=value`, in order, over all files
  References references;
};

// The tree, unchecked: files merged, overrides applied, `${...}` replaced.
// Errors: into `errors`, of all files; nullopt where there is any.
std::optional<Setting> load_settings(const ConfigInput& input, ErrorList& errors);

// The same, checked and typed.
std::optional<PipelineConfig> load_pipeline(const ConfigInput& input, const KnownKinds& kinds,
                                            ErrorList& errors);

// Where relative file names in settings start: the folder of the first file. For
// MakeContext::base_directory.
std::string base_directory(const ConfigInput& input);

}  // namespace logbraid
