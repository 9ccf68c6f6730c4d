#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/pipeline.h"
#include "format/json_reader.h"
#include "logbraid/registry.h"
#include "tests/support/memory_endpoints.h"

namespace logbraid::test {

// A limit that no busy machine comes to: the wider ones stretch with it.
inline constexpr Duration kNever = std::chrono::hours(1);

// A plan of one enricher, "e", on the loop.
inline std::shared_ptr<const ExecutionPlan> plan_of_async(std::shared_ptr<AsyncEnricher> enricher,
                                                          EnricherMetadata metadata = {}) {
  metadata.name = "e";
  metadata.placement = Placement::async;
  EnricherInstance instance;
  instance.placement = Placement::async;
  instance.enricher = std::move(enricher);
  Registry registry;
  EXPECT_TRUE(registry.add(metadata, instance).has_value());
  return registry.resolve(std::vector<std::string>{"e"}).value();
}

// A pipeline's parts for lines of JSON, from memory to memory.
inline PipelineParts memory_parts(std::string input, std::shared_ptr<const ExecutionPlan> plan,
                                  std::string& output, std::size_t piece = SIZE_MAX) {
  PipelineParts parts;
  parts.source = std::make_unique<MemorySource>(std::move(input), piece);
  parts.make_reader = [] { return std::make_unique<JsonReader>(); };
  parts.plan = std::move(plan);
  parts.sink = std::make_unique<MemorySink>(output);
  parts.local_hour = [] { return 12; };
  parts.options.enricher_timeout = kNever;
  return parts;
}

// Runs a pipeline once and checks what holds for every run: nothing that was read is lost.
inline RunReport run_to_end(Pipeline& pipeline) {
  RunReport report = pipeline.run();
  const RunCounts& counts = report.counts;
  EXPECT_TRUE(counts.balanced()) << counts.read << " read, " << counts.written << " written, "
                                 << counts.dead_lettered << " dead letters, "
                                 << counts.dropped_in_all() << " dropped, " << counts.held
                                 << " held";
  return report;
}

inline RunReport run_to_end(PipelineParts parts) {
  auto pipeline = Pipeline::create(std::move(parts));
  EXPECT_TRUE(pipeline.has_value());
  return run_to_end(**pipeline);
}

}  // namespace logbraid::test
