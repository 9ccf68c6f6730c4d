#include "tests/support/scripted_enricher.h"

#include <stdexcept>

#include "logbraid/async_context.h"

namespace logbraid::test {
namespace {

Step step_of(const Script& script, const EventView& event) {
  static const FieldPath kMessage("message");
  return script.step ? script.step(event.get_string(kMessage)) : Step();
}

EnrichStatus finish(const Script& script, const Step& step, const EventView& event, Patch& patch) {
  // Set before it fails: what a failed call has set must not be seen.
  static const FieldPath kMessage("message");
  std::vector<std::string> found;
  for (const FieldPath& path : script.looks_at) found.emplace_back(event.get_string(path));
  patch.set(script.writes, digest(script.name, event.get_string(kMessage), found));
  switch (step.what) {
    case Step::What::ok:
    case Step::What::hangs:
      return {};
    case Step::What::no_match:
      patch.clear();
      return EnrichStatus::no_match();
    case Step::What::error:
      return patch.fail(script.name + " failed");
    case Step::What::throws_exception:
      throw std::runtime_error(script.name + " threw");
    case Step::What::throws_int:
      throw 42;
    case Step::What::huge: {
      const std::string text(Patch::kMaxBytes / 2, 'x');
      for (int i = 0; i < 20; ++i) patch.set(script.writes, text);
      return {};
    }
  }
  return {};
}

class ScriptedSync final : public SyncEnricher {
 public:
  explicit ScriptedSync(std::shared_ptr<const Script> script) : script_(std::move(script)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Step step = step_of(*script_, event);
    if (step.what == Step::What::hangs) {
      script_->hanging->count_down();
      script_->hang->wait();
    }
    return finish(*script_, step, event, patch);
  }

 private:
  const std::shared_ptr<const Script> script_;
};

class ScriptedAsync final : public AsyncEnricher {
 public:
  explicit ScriptedAsync(std::shared_ptr<const Script> script) : script_(std::move(script)) {}

  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const Step step = step_of(*script_, event);
    if (step.what == Step::What::hangs) {
      while (!context.stop_requested()) co_await context.sleep(std::chrono::hours(1));
    } else if (step.delay != Duration::zero()) {
      co_await context.sleep(step.delay);
    }
    co_return finish(*script_, step, event, patch);
  }

 private:
  const std::shared_ptr<const Script> script_;
};

}  // namespace

std::string digest(std::string_view name, std::string_view message,
                   const std::vector<std::string>& found) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    hash = (hash ^ 0xFFu) * 1099511628211u;
  };
  add(name);
  add(message);
  for (const std::string& text : found) add(text);
  return std::to_string(hash);
}

EnricherInstance make_scripted(std::shared_ptr<const Script> script, Placement placement) {
  EnricherInstance instance;
  instance.placement = placement;
  if (placement == Placement::async) {
    instance.enricher = std::make_shared<ScriptedAsync>(std::move(script));
  } else {
    instance.enricher = std::make_shared<ScriptedSync>(std::move(script));
  }
  return instance;
}

}  // namespace logbraid::test
