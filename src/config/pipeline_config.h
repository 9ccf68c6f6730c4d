#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/error_list.h"
#include "logbraid/execution.h"
#include "logbraid/kind.h"
#include "logbraid/metadata.h"
#include "logbraid/overflow.h"
#include "logbraid/plan.h"
#include "logbraid/setting.h"
#include "logbraid/sink.h"
#include "logbraid/source.h"

namespace logbraid {

// What a configuration may name.
struct KnownKinds {
  std::span<const EnricherKind> enrichers;
  std::span<const SourceKind> sources;
  std::span<const SinkKind> sinks;
  std::vector<std::string_view> input_formats;
  std::vector<std::string_view> output_formats;
};

struct SourceConfig {
  std::string name;  // as in `sources:`; else the kind's
  std::string kind;
  Setting settings;  // the kind's own, with defaults; knows its place
  std::string format;
  OnMalformed on_malformed = OnMalformed::keep;
  OverflowOptions overflow;
};

struct EnricherConfig {
  EnricherMetadata metadata;
  std::string kind;  // its name, also where an alias was written
  Setting settings;  // the kind's own, with defaults; knows its place
  bool enabled = true;
};

struct SinkConfig {
  std::string name;  // as in `sinks:`; else the kind's
  std::string kind;
  Setting settings;
  std::string format;
};

// A configuration, checked and typed.
struct PipelineConfig {
  SourceConfig source;
  std::vector<EnricherConfig> enrichers;  // in the order of listing, disabled ones too
  ExecutionOptions execution;
  bool strict = false;
  bool cycles_by_priority = false;
  Compat compat = Compat::none;
  std::vector<Setting::Member> enricher_conditions;
  SinkConfig sink;
  std::optional<SinkConfig> dead_letter;

  // The whole as it is understood, with defaults; secrets are marked, so that to_yaml() may show
  // it to anybody.
  Setting effective;
};

// Checks a tree against the kinds and gives it types. Makes nothing, opens nothing.
// Errors: into `errors`, all that can be found at once; nullopt where there is any.
std::optional<PipelineConfig> parse_pipeline(const Setting& root, const KnownKinds& kinds,
                                             ErrorList& errors);

}  // namespace logbraid
