// delay: a stand-in for a slow dependency.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "enrichers/builtin.h"
#include "logbraid/async_context.h"
#include "logbraid/constant_fields.h"
#include "logbraid/lifecycle.h"

namespace logbraid {
namespace {

constexpr std::string_view kFailed = "delay: made to fail";
constexpr std::string_view kStopped = "delay: told to stop";
constexpr std::string_view kHung = "delay: made to hang";

enum class Fate : std::uint8_t { answer, fail, hang };

struct Options {
  Duration duration{};
  Duration hang{};
  Duration start{};
  ConstantFields fields;
  double fail_share = 0;
  double hang_share = 0;
  std::uint64_t seed = 0;

  // A function of the seed and the event as it was read, and of nothing else: the same events fail
  // in sequence and in parallel, today and tomorrow.
  Fate fate(const Event& event) const {
    if (fail_share == 0 && hang_share == 0) return Fate::answer;
    // The upper 53 bits as a number in [0, 1).
    const double share = static_cast<double>(digest(event) >> 11) * 0x1p-53;
    if (share < hang_share) return Fate::hang;
    return share < hang_share + fail_share ? Fate::fail : Fate::answer;
  }

 private:
  std::uint64_t digest(const Event& event) const {
    const std::string_view json = event.json();
    if (!json.empty()) return XXH3_64bits_withSeed(json.data(), json.size(), seed);
    std::uint64_t sum = seed;
    for (const Field& field : event.fields()) {
      sum = XXH3_64bits_withSeed(field.key, field.key_size, sum);
      sum = XXH3_64bits_withSeed(field.raw, field.raw_size, sum);
    }
    return sum;
  }
};

EnrichStatus answer(const Options& options, Fate fate, Patch& patch) {
  if (fate == Fate::fail) return EnrichStatus::error(kFailed);
  options.fields.set_on(patch);
  return CallResult::ok;
}

class BlockingDelay : public SyncEnricher {
 public:
  explicit BlockingDelay(Options options) : options_(std::move(options)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Fate fate = options_.fate(event.input());
    if (fate == Fate::hang) {
      std::this_thread::sleep_for(options_.hang);  // deaf, as a blocked call is
      return EnrichStatus::error(kHung);
    }
    if (wait(event.stop_token(), options_.duration)) return EnrichStatus::error(kStopped);
    return answer(options_, fate, patch);
  }

 protected:
  const Options& options() const { return options_; }
  // True as soon as the call is told to stop.
  static bool wait(std::stop_token stop, Duration duration) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any nobody_else;
    nobody_else.wait_for(lock, stop, duration, [] { return false; });
    return stop.stop_requested();
  }

 private:
  const Options options_;
};

// With a start that takes its time too.
class StartedBlockingDelay final : public BlockingDelay, public SyncLifecycle {
 public:
  using BlockingDelay::BlockingDelay;

  Result<void> start(std::stop_token told) override {
    if (wait(told, options().start)) return Error(std::string(kStopped));
    return {};
  }
  Result<void> stop(std::stop_token) override { return {}; }
};

class AsyncDelay : public AsyncEnricher {
 public:
  explicit AsyncDelay(Options options) : options_(std::move(options)) {}

  Task<EnrichStatus> enrich(const EventView& event, Patch& patch, AsyncContext& context) override {
    const Fate fate = options_.fate(event.input());
    if (fate == Fate::hang) {
      bool waiting = true;
      while (waiting) waiting = co_await context.sleep(std::chrono::hours(1));
      co_return EnrichStatus::error(kHung);
    }
    const bool slept = co_await context.sleep(options_.duration);
    if (!slept) co_return EnrichStatus::error(kStopped);
    co_return answer(options_, fate, patch);
  }

 protected:
  const Options& options() const { return options_; }

 private:
  const Options options_;
};

class StartedAsyncDelay final : public AsyncDelay, public AsyncLifecycle {
 public:
  using AsyncDelay::AsyncDelay;

  Task<Result<void>> start(AsyncContext& context) override {
    const bool slept = co_await context.sleep(options().start);
    if (!slept) co_return Error(std::string(kStopped));
    co_return Result<void>();
  }
  Task<Result<void>> stop(AsyncContext&) override { co_return Result<void>(); }
};

template <class Plain, class Started, class Base>
std::shared_ptr<Base> make_delay(Options options) {
  if (options.start == Duration::zero()) return std::make_shared<Plain>(std::move(options));
  return std::make_shared<Started>(std::move(options));
}

Result<double> share_of(const Settings& settings, std::string_view name) {
  return settings[name].as_number(0, 1);
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  Options options;
  options.duration = settings.duration("duration");
  options.hang = settings.duration("hang");
  options.start = settings.duration("start");
  options.seed = static_cast<std::uint64_t>(settings.integer("seed"));
  const auto fail = share_of(settings, "fail_share");
  if (!fail) return fail.error();
  const auto hang = share_of(settings, "hang_share");
  if (!hang) return hang.error();
  if (*fail + *hang > 1) {
    return settings.error("hang_share", "fail_share and hang_share are over 1 together");
  }
  options.fail_share = *fail;
  options.hang_share = *hang;
  if (settings.has("fields")) {
    auto fields = ConstantFields::parse(settings["fields"]);
    if (!fields) return fields.error();
    options.fields = *std::move(fields);
  }

  EnricherInstance instance;
  instance.writes = options.fields.paths();
  if (settings.boolean("blocking")) {
    instance.placement = Placement::pool;
    instance.enricher =
        make_delay<BlockingDelay, StartedBlockingDelay, SyncEnricher>(std::move(options));
  } else {
    instance.placement = Placement::async;
    instance.enricher =
        make_delay<AsyncDelay, StartedAsyncDelay, AsyncEnricher>(std::move(options));
  }
  return instance;
}

}  // namespace

EnricherKind delay_enricher() {
  return {
      .name = "delay",
      .summary = "Waits as a slow dependency would, for trying things out",
      .help =
          R"(Waits, then adds its fields: a stand-in for a database or a service while a pipeline
is put together or measured. A share of the calls can be made to fail or to hang. Which ones follows
from the seed and the bytes of the event alone, so every run has the same; two delays that shall
fail apart need seeds of their own. A call that hangs ends when it is told to stop or, where
`blocking` is true, after `hang`.

  enrichers:
    - name: profile
      type: delay
      duration: 5ms
      fail_share: 0.01
      seed: 7
      fields: {user.plan: free}
)",
      .settings =
          {
              {.name = "duration",
               .type = SettingType::duration,
               .default_text = "5ms",
               .help = "How long a call takes."},
              {.name = "blocking",
               .type = SettingType::boolean,
               .default_text = "false",
               .help = "Sleep on a pool thread as blocking code does; else wait on the shard's "
                       "loop, which holds no thread."},
              {.name = "fields",
               .type = SettingType::map,
               .help = "Field paths and values to add when the wait is over."},
              {.name = "fail_share",
               .type = SettingType::number,
               .default_text = "0",
               .help = "Share of the events that fail after the wait, 0 to 1."},
              {.name = "hang_share",
               .type = SettingType::number,
               .default_text = "0",
               .help = "Share of the events that hang, 0 to 1."},
              {.name = "hang",
               .type = SettingType::duration,
               .default_text = "10s",
               .help = "How long a blocking call that hangs holds its thread; the process may "
                       "wait that long for it at its end."},
              {.name = "start",
               .type = SettingType::duration,
               .default_text = "0",
               .help = "How long its start takes, as that of a client that connects; 0: it has "
                       "none."},
              {.name = "seed",
               .type = SettingType::integer,
               .default_text = "0",
               .help = "Chooses which events fail and which hang."},
          },
      .make = make,
  };
}

}  // namespace logbraid
