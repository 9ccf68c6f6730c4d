#include "engine/engine_shard.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

#include "async/thread_role.h"

namespace logbraid {

// A run on its way to the shard's thread.
struct EngineShard::Arrival : Posted {
  Arrival(EngineShard& to, std::shared_ptr<EnrichRun> what)
      : Posted(&Arrival::arrive), shard(to), run(std::move(what)) {}

  static void arrive(Posted& posted) noexcept {
    const std::unique_ptr<Arrival> arrival(static_cast<Arrival*>(&posted));
    arrival->shard.waiting_.push_back(std::move(arrival->run));
  }

  EngineShard& shard;
  std::shared_ptr<EnrichRun> run;
};

struct EngineShard::Order : Posted {
  Order(EngineShard& to, void (EngineShard::*order)())
      : Posted(&Order::arrive), shard(to), what(order) {}

  static void arrive(Posted& posted) noexcept {
    auto& order = static_cast<Order&>(posted);
    (order.shard.*order.what)();
  }

  EngineShard& shard;
  void (EngineShard::*what)();
};

EngineShard::Running::Running(std::shared_ptr<const EnginePlan> of, EngineShard& shard)
    : plan(std::move(of)),
      runner({*plan->plan, shard.parts_.options, plan->state, shard.loop_.timers(),
              shard.parts_.clock, shard.parts_.local_hour, shard.parts_.pool,
              [loop = &shard.loop_](Posted& posted) { loop->post(posted); }, shard,
              shard.loop_.activity(), &shard.loop_.io(), shard.number_, shard.parts_.options.shards,
              shard.parts_.idle_cores}),
      counted(*plan->board, *plan, runner) {}

EngineShard::EngineShard(const Parts& parts, unsigned number)
    : parts_(parts), number_(number), loop_(parts.clock), thread_([this] {
        pthread_setname_np(pthread_self(), ("engine-" + std::to_string(number_)).c_str());
        const ThreadRoleScope role(ThreadRole::enricher);
        loop_.run([this] { return turn(); });
      }) {}

EngineShard::~EngineShard() { stop(); }

void EngineShard::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void EngineShard::submit(std::shared_ptr<EnrichRun> run) {
  outstanding_.fetch_add(run->events(), std::memory_order_relaxed);
  loop_.post(*new Arrival(*this, std::move(run)));
}

void EngineShard::post(void (EngineShard::*what)()) {
  orders_.push_back(std::make_unique<Order>(*this, what));
  loop_.post(*orders_.back());
}
void EngineShard::watch() { post(&EngineShard::begin_watch); }
void EngineShard::cancel() { post(&EngineShard::give_up_all); }

bool EngineShard::turn() {
  do {
    for (std::size_t i = 0; i < runners_.size(); ++i) runners_[i]->runner.drain();
  } while (admit());
  finish();
  for (EnrichRun* const run : released_) {
    run->lease.reset();
    run->kept.reset();
  }
  released_.clear();
  drop_idle_runners();
  if (watched_) parts_.tell(number_, remainder());
  return std::any_of(runners_.begin(), runners_.end(),
                     [](const auto& each) { return each->runner.has_more(); });
}

// Lets events into the window, a run in pieces where it is long. True when some went in.
bool EngineShard::admit() {
  bool any = false;
  while (!waiting_.empty()) {
    EnrichRun& run = *waiting_.front();
    run.kept = waiting_.front();
    if (cancelled_) {
      cancel_unstarted(run);
    } else {
      PlanRunner& runner = running(run.plan).runner;
      const std::uint32_t window = parts_.options.in_flight;
      const std::uint32_t used = std::min(in_flight(), window);
      if (used == window || !runner.accepts()) break;
      runner.admit(run,
                   std::min({run.events() - run.admitted, window - used, runner.most_at_once()}));
      any = true;
    }
    if (run.admitted == run.events()) waiting_.pop_front();
  }
  return any;
}

// What of the run was not let in never will be.
void EngineShard::cancel_unstarted(EnrichRun& run) {
  for (; run.admitted < run.events(); ++run.admitted, --run.open) {
    const Slot slot = run.slot(run.admitted);
    std::fill_n(slot.outcomes, run.plan->plan->size(), Outcome::cancelled);
  }
  if (run.open == 0) batch_done(run);
}

// Tells the callers, outside of every runner: they may go on from here.
void EngineShard::finish() {
  telling_.swap(done_);
  const ThreadRoleScope role(ThreadRole::continuation);
  for (std::shared_ptr<EnrichRun>& run : telling_) {
    outstanding_.fetch_sub(run->events(), std::memory_order_relaxed);
    const auto done = std::move(run->done);
    done(std::move(run));
  }
  telling_.clear();
}

void EngineShard::batch_done(BatchRun& run) {
  auto& enriched = static_cast<EnrichRun&>(run);
  enriched.written = true;
  done_.push_back(enriched.kept);
  if (enriched.held == 0) released_.push_back(&enriched);
}

void EngineShard::batch_released(BatchRun& run) {
  released_.push_back(&static_cast<EnrichRun&>(run));
}

EngineShard::Running& EngineShard::running(const std::shared_ptr<const EnginePlan>& plan) {
  for (const auto& each : runners_) {
    if (each->plan == plan) return *each;
  }
  runners_.push_back(std::make_unique<Running>(plan, *this));
  return *runners_.back();
}

// All but the runner of the newest plan go when nothing of theirs is under way.
void EngineShard::drop_idle_runners() {
  if (runners_.size() < 2) return;
  std::uint64_t newest = 0;
  for (const auto& each : runners_) newest = std::max(newest, each->plan->plan->generation());
  std::erase_if(runners_, [newest](const auto& each) {
    return each->plan->plan->generation() != newest && each->runner.in_flight() == 0 &&
           each->runner.calls_out() == 0;
  });
}

void EngineShard::give_up_all() {
  cancelled_ = true;
  for (const auto& each : runners_) each->runner.cancel_all();
}

std::uint32_t EngineShard::in_flight() const {
  std::uint32_t events = 0;
  for (const auto& each : runners_) events += each->runner.in_flight();
  return events;
}

EngineShard::Remainder EngineShard::remainder() const {
  Remainder left;
  left.events = outstanding();
  for (const auto& each : runners_) {
    for (std::uint32_t node = 0; node < each->plan->plan->size(); ++node) {
      const std::uint32_t calls = each->runner.calls_out(node);
      if (calls == 0) continue;
      const PlanNode& enricher = (*each->plan->plan)[node];
      left.calls.push_back({enricher.name, enricher.placement, calls});
    }
  }
  return left;
}

}  // namespace logbraid
