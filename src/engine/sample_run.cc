#include "engine/sample_run.h"

#include <memory>
#include <utility>

#include "engine/memory_ends.h"

namespace logbraid {

Result<SampleRun> run_sample(PipelineParts parts, std::string_view sample) {
  SampleRun run;
  // Or the first rounds would measure how it grows.
  run.output.reserve(sample.size() * 2);
  parts.overflow = {};  // a sample waits
  // Outputs are compared line by line, whatever was slow.
  parts.options.order = Order::preserve;
  parts.options.hold.reset();
  if (parts.options.status) parts.options.status->times = false;
  parts.options.sequential_share = 0;  // one mode at a time
  parts.source = std::make_unique<SampleSource>(sample);
  parts.sink = std::make_unique<TextSink>(run.output);
  parts.dead_letter = std::make_unique<TextSink>(run.dead_letters);
  auto pipeline = Pipeline::create(std::move(parts));
  if (!pipeline) return pipeline.error();
  run.report = (*pipeline)->run();
  if (run.report.error) return *run.report.error;
  return run;
}

}  // namespace logbraid
