#pragma once

#include <cstdint>

namespace logbraid {

// Whose code this thread runs: from within an enricher an engine must not be called, since the
// caller would wait for room that it holds itself.
enum class ThreadRole : std::uint8_t {
  caller,        // a thread of the program
  continuation,  // a shard that goes on with a caller's coroutine: may start, must not wait
  enricher,      // a shard, a pool thread, a caller's thread while it runs inline enrichers
};

inline ThreadRole& thread_role() noexcept {
  thread_local ThreadRole role = ThreadRole::caller;
  return role;
}

class ThreadRoleScope {
 public:
  explicit ThreadRoleScope(ThreadRole role) noexcept : before_(thread_role()) {
    thread_role() = role;
  }
  ~ThreadRoleScope() { thread_role() = before_; }
  ThreadRoleScope(const ThreadRoleScope&) = delete;
  ThreadRoleScope& operator=(const ThreadRoleScope&) = delete;

 private:
  const ThreadRole before_;
};

}  // namespace logbraid
