#include "engine/lifecycle_thread.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "async/thread_role.h"
#include "core/lifecycle_parts.h"

namespace logbraid {
namespace {

// A thread for each function that runs: one that hangs keeps no other from its turn.
constexpr unsigned kMostThreads = 1024;

// Beyond a start's limit, until the loop has said so: it may be held up by a coroutine that blocks.
constexpr Duration kAnswer = std::chrono::milliseconds(100);

}  // namespace

// What the thread knows of one enricher.
struct LifecycleThread::Life {
  Life(const EnricherLife::Parts& parts, const PlanNode& node, const void* of)
      : object(of),
        start_timeout(node.metadata.lifecycle.value_or(LifecycleOptions()).start_timeout),
        enricher(parts, node) {}

  const void* const object;
  const Duration start_timeout;
  EnricherLife enricher;  // the loop's

  // Guarded by the mutex. What `enricher` was when it was last heard of, which counts while no
  // errand is on its way.
  std::vector<std::string> names;  // it is registered under
  std::uint32_t leases = 0;
  bool closed = true;  // or asked to be
  std::uint32_t errands = 0;
  bool decided = false;
  bool settled = false;
  bool through = false;
  HealthReport report;
};

// An opening or a closing on its way to the loop.
struct LifecycleThread::Errand : Posted {
  Errand(LifecycleThread& from, std::shared_ptr<Life> whose, void (EnricherLife::*errand)())
      : Posted(&Errand::arrive), thread(from), life(std::move(whose)), what(errand) {}

  static void arrive(Posted& posted) noexcept {
    const std::unique_ptr<Errand> errand(static_cast<Errand*>(&posted));
    {
      const std::lock_guard lock(errand->thread.mutex_);
      --errand->life->errands;
    }
    (errand->life->enricher.*errand->what)();
  }

  LifecycleThread& thread;
  const std::shared_ptr<Life> life;
  void (EnricherLife::*const what)();
};

LifecycleThread::Lease::~Lease() { thread_.give_back(*this); }

std::shared_ptr<const EnricherHealth> LifecycleThread::Lease::health(std::uint32_t node) const {
  return lives_[node] == nullptr ? nullptr : lives_[node]->enricher.health();
}

std::vector<HealthReport> LifecycleThread::Lease::reports() const {
  std::vector<HealthReport> reports;
  const std::lock_guard lock(thread_.mutex_);
  for (auto life = lives_.begin(); life != lives_.end(); ++life) {
    // Registered under two names it lives once.
    if (*life != nullptr && std::find(lives_.begin(), life, *life) == life) {
      reports.push_back((*life)->report);
    }
  }
  return reports;
}

LifecycleThread::LifecycleThread(const Clock& clock)
    : clock_(clock),
      loop_(clock),
      pool_({.most = kMostThreads, .most_stuck = 0, .name = "life"}),
      parts_{loop_.timers(),
             frames_,
             &loop_.io(),
             pool_,
             [this](Posted& posted) { loop_.post(posted); },
             [this](EnricherLife& life) { changed(life); }},
      thread_([this] {
        pthread_setname_np(pthread_self(), "lifecycle");
        const ThreadRoleScope role(ThreadRole::enricher);
        loop_.run([] { return false; });
      }) {}

LifecycleThread::~LifecycleThread() {
  wait_until_quiet(TimePoint::max());
  loop_.stop();
  thread_.join();
}

bool LifecycleThread::needed_for(const ExecutionPlan& plan) {
  return std::any_of(plan.nodes().begin(), plan.nodes().end(),
                     [](const PlanNode& node) { return !LifecycleParts(node.enricher).none(); });
}

std::shared_ptr<const LifecycleThread::Lease> LifecycleThread::take(const ExecutionPlan& plan) {
  std::vector<std::shared_ptr<Life>> lives;
  const std::lock_guard lock(mutex_);
  for (const PlanNode& node : plan.nodes()) {
    const LifecycleParts parts(node.enricher);
    auto& life = lives.emplace_back();
    if (parts.none()) continue;
    auto& known = lives_[parts.object];
    if (known == nullptr) known = std::make_shared<Life>(parts_, node, parts.object);
    life = known;
    ++life->leases;
    if (std::find(life->names.begin(), life->names.end(), node.name) == life->names.end()) {
      life->names.push_back(node.name);
    }
    if (std::exchange(life->closed, false)) send(life, &EnricherLife::open);
  }
  return std::shared_ptr<const Lease>(new Lease(*this, std::move(lives)));
}

void LifecycleThread::give_back(const Lease& lease) {
  Afterwards afterwards;
  const std::lock_guard lock(mutex_);
  for (const auto& life : lease.lives_) {
    if (life == nullptr || --life->leases != 0) continue;
    if (!std::exchange(life->closed, true)) send(life, &EnricherLife::close);
    forget_if_gone(life, afterwards);
  }
}

void LifecycleThread::close_all_but(
    const std::function<bool(std::string_view enricher)>& is_called) {
  const std::lock_guard lock(mutex_);
  for (const auto& [object, life] : lives_) {
    if (std::any_of(life->names.begin(), life->names.end(), is_called)) continue;
    if (!std::exchange(life->closed, true)) send(life, &EnricherLife::close);
  }
}

// Under the mutex, so that the loop learns of openings and closings in their order.
void LifecycleThread::send(const std::shared_ptr<Life>& life, void (EnricherLife::*what)()) {
  ++life->errands;
  life->decided = life->settled = life->through = false;
  loop_.post(*new Errand(*this, life, what));
}

// From the loop: tells those who wait what has become of it.
void LifecycleThread::changed(EnricherLife& enricher) {
  Afterwards afterwards;
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(lives_.begin(), lives_.end(), [&](const auto& each) {
      return &each.second->enricher == &enricher;
    });
    const std::shared_ptr<Life> life = at->second;
    life->report = enricher.report();
    if (life->errands != 0) return;
    life->decided = enricher.state().decided();
    life->settled = enricher.state().settled();
    life->through = enricher.state().through();
    forget_if_gone(life, afterwards);
    take_started(afterwards);
    changed_.notify_all();
  }
  for (const auto& then : afterwards.then) then();
}

void LifecycleThread::forget_if_gone(const std::shared_ptr<Life>& life, Afterwards& afterwards) {
  if (life->leases != 0 || !life->through) return;
  afterwards.lives.push_back(life);
  lives_.erase(life->object);
}

void LifecycleThread::take_started(Afterwards& afterwards) {
  std::erase_if(waiting_, [&](Waiting& waiting) {
    const auto& lease = afterwards.leases.emplace_back(waiting.lease.lock());
    if (lease == nullptr) return true;
    if (!all_decided(*lease)) return false;
    afterwards.then.push_back(std::move(waiting.then));
    return true;
  });
}

bool LifecycleThread::all_decided(const Lease& lease) {
  return std::all_of(lease.lives_.begin(), lease.lives_.end(),
                     [](const auto& life) { return life == nullptr || life->decided; });
}

bool LifecycleThread::is_started(const Lease& lease) const {
  const std::lock_guard lock(mutex_);
  return all_decided(lease);
}

void LifecycleThread::wait_until_started(const Lease& lease) {
  Duration longest{};
  for (const auto& life : lease.lives_) {
    if (life != nullptr) longest = std::max(longest, life->start_timeout);
  }
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, clock_.now() + longest + kAnswer, [&] { return all_decided(lease); });
}

bool LifecycleThread::is_started_or(const std::shared_ptr<const Lease>& lease,
                                    std::function<void()> then) {
  const std::lock_guard lock(mutex_);
  if (all_decided(*lease)) return true;
  waiting_.push_back({lease, std::move(then)});
  return false;
}

bool LifecycleThread::wait_until(TimePoint deadline,
                                 const std::function<bool(const Life&)>& holds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] {
    return std::all_of(lives_.begin(), lives_.end(),
                       [&](const auto& each) { return holds(*each.second); });
  });
}

bool LifecycleThread::wait_until_settled(TimePoint deadline) {
  return wait_until(deadline, [](const Life& life) { return !life.closed || life.settled; });
}

bool LifecycleThread::wait_until_quiet(TimePoint deadline) {
  return wait_until(deadline, [](const Life& life) { return life.through; });
}

std::vector<HealthReport> LifecycleThread::running() const {
  std::vector<HealthReport> reports;
  const std::lock_guard lock(mutex_);
  for (const auto& [object, life] : lives_) {
    if (life->report.running) reports.push_back(life->report);
  }
  return reports;
}

}  // namespace logbraid
