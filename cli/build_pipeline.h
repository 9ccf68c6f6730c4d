#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/console.h"
#include "config/error_list.h"
#include "config/pipeline_config.h"
#include "engine/pipeline.h"
#include "logbraid/kind.h"
#include "logbraid/plan.h"

namespace logbraid::cli {

// A configuration that was read, its enrichers made and their plan resolved.
struct LoadedPipeline {
  PipelineConfig config;
  MakeContext context;  // for sources and sinks
  std::shared_ptr<const ExecutionPlan> plan;
};

// Everything a configuration may name.
KnownKinds known_kinds();

// Errors: into the list: of the configuration, of enrichers that cannot be made (a database that is
//         not there), of dependencies.
std::optional<LoadedPipeline> load(const ConfigArguments& arguments, ErrorList& errors);

// The rest of what a run needs: source, sinks, reader. Opens what is read; writes nothing yet.
std::optional<PipelineParts> make_parts(const LoadedPipeline& loaded, ErrorList& errors);
// The same without source and sinks.
PipelineParts parts_without_ends(const LoadedPipeline& loaded);

// What load() and the like found, one message each; false where there is anything.
bool report(const ErrorList& errors, Console& console);

// The hour of local time.
int local_hour();

}  // namespace logbraid::cli
