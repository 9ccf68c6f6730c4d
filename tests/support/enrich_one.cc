#include "tests/support/enrich_one.h"

#include <cstring>
#include <memory>
#include <stdexcept>
#include <variant>

#include "async/timers.h"
#include "core/batch.h"
#include "core/overlay.h"
#include "format/json_reader.h"
#include "tests/support/json_setting.h"

namespace logbraid::test {
namespace {

// A batch of one line, read as the agent reads it.
class OneEvent {
 public:
  explicit OneEvent(std::string_view json) {
    batch_.reserve(json.size());
    std::memcpy(batch_.buffer(), json.data(), json.size());
    batch_.set_size(json.size());
    JsonReader().read(batch_);
    if (batch_.records().size() != 1 || batch_.records().front().malformed()) {
      throw std::invalid_argument("no event: " + std::string(json.substr(0, 100)));
    }
  }

  const Event& event() const { return batch_.records().front().event; }

 private:
  Batch batch_;
};

std::string applied(const Patch& patch, std::string_view json) {
  Arena arena;
  Overlay overlay;
  overlay.begin(arena);
  for (const PatchOp& op : patch.ops()) overlay.apply(op);
  std::string out;
  overlay.append(out, overlay.root(), RawValue::of_json(json));
  return out;
}

EnrichStatus run(AsyncEnricher& enricher, const EventView& view, Patch& patch,
                 std::optional<Duration> stop_after, Duration& waited) {
  const TimePoint start{};
  Timers timers(start);
  FramePool frames;
  AsyncContext context(timers, frames);
  Task<EnrichStatus> task = enricher.enrich(view, patch, context);
  bool ended = false;
  task.start([](void* flag) noexcept { *static_cast<bool*>(flag) = true; }, &ended);
  while (!ended) {
    const bool stop = stop_after && timers.next_due() - start > *stop_after;
    if (!stop) {
      timers.advance(timers.next_due());
    } else {
      timers.advance(start + *stop_after);
      context.request_stop();
    }
  }
  waited = timers.now() - start;
  return task.take_result();
}

}  // namespace

Result<EnricherInstance> make_enricher(const EnricherKind& kind, std::string_view settings,
                                       const MakeContext& context) {
  const auto checked = Settings::check(json_setting(settings), kind.settings, kind.open_settings);
  if (!checked) return checked.error();
  return kind.make(*checked, context);
}

std::string make_error(const EnricherKind& kind, std::string_view settings,
                       const MakeContext& context) {
  const auto made = make_enricher(kind, settings, context);
  return made ? "" : made.error().to_string();
}

Enriched enrich_one(const EnricherInstance& instance, std::string_view json,
                    std::optional<Duration> stop_after) {
  const OneEvent one(json);
  // What a call reads lives shorter than what it writes: a scratch arena of its own, gone before
  // the patch is looked at.
  auto scratch = std::make_unique<Arena>();
  Arena kept;
  Patch patch(&kept);
  const EventView view(one.event(), *scratch);

  Enriched enriched;
  EnrichStatus status;
  if (const auto* sync = std::get_if<std::shared_ptr<SyncEnricher>>(&instance.enricher)) {
    status = (*sync)->enrich(view, patch);
  } else if (const auto* async = std::get_if<std::shared_ptr<AsyncEnricher>>(&instance.enricher)) {
    status = run(**async, view, patch, stop_after, enriched.waited);
  } else {
    BatchCall call{.event = view, .patch = &patch, .status = {}};
    std::get<std::shared_ptr<BatchEnricher>>(instance.enricher)->enrich({&call, 1});
    status = call.status;
  }
  scratch.reset();
  enriched.result = status.result;
  enriched.reason = status.reason;
  enriched.fields = applied(patch, "{}");
  enriched.event = applied(patch, one.event().json());
  enriched.overflowed = patch.overflowed();
  return enriched;
}

Enriched enrich_one(const EnricherKind& kind, std::string_view settings, std::string_view json,
                    const MakeContext& context) {
  const auto instance = make_enricher(kind, settings, context);
  if (instance) return enrich_one(*instance, json);
  Enriched enriched;
  enriched.result = CallResult::error;
  enriched.reason = instance.error().to_string();
  return enriched;
}

}  // namespace logbraid::test
