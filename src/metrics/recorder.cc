#include "metrics/recorder.h"

namespace logbraid {

void HistogramRecorder::allocate() {
  buckets_ = std::make_unique<Buckets>();
  seen_.store(buckets_.get(), std::memory_order_release);
}

Histogram HistogramRecorder::read() const {
  Histogram histogram;
  const Buckets* const buckets = seen_.load(std::memory_order_acquire);
  if (buckets == nullptr) return histogram;
  for (std::size_t i = 0; i < buckets->size(); ++i) histogram.add(i, (*buckets)[i].get());
  return histogram;
}

EnricherMetrics EnricherRecorder::read() const {
  EnricherMetrics metrics;
  for (std::size_t i = 0; i < kOutcomes; ++i) metrics.outcomes[i] = outcomes[i].get();
  metrics.timed_calls = timed_calls.get();
  metrics.busy = busy.get();
  metrics.waited = waited.get();
  metrics.late = late.get();
  metrics.retries = retries.get();
  metrics.first_error = first_error.read();
  metrics.latency = latency.read();
  return metrics;
}

EventMetrics EventRecorder::read() const {
  EventMetrics metrics;
  metrics.GroupMetrics::operator=(GroupRecorder::read());
  metrics.critical_path = critical_path.get();
  metrics.latency = latency.read();
  return metrics;
}

}  // namespace logbraid
