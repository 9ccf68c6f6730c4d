#pragma once

#include <optional>
#include <string>

#include "cli/build_pipeline.h"
#include "cli/command.h"

namespace logbraid::cli {

// What a command works on that runs a configuration over a sample.
struct LoadedWithSample {
  LoadedPipeline loaded;
  std::string sample;  // the lines that `--input SAMPLE` names, whole
};

// Errors: those of the configuration, a sample that cannot be read or is empty: said on the
// console, and nullopt.
std::optional<LoadedWithSample> load_with_sample(const ConfigArguments& config,
                                                 const std::string& path, Console& console);

}  // namespace logbraid::cli
