#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logbraid {

// Why an event was given up on purpose.
enum class DropReason : std::uint8_t {
  malformed,        // `on_malformed: drop`
  overflow_newest,  // the source's queue was full: `overflow: drop_newest` and so on
  overflow_oldest,
  overflow_level,
  enricher_failed,  // `on_failure: drop` of an enricher
};
inline constexpr std::size_t kDropReasons = 5;

// As in metrics and the summary.
std::string_view to_string(DropReason reason);

// What became of the events of a run, each counted where it happens.
//
// Invariant when the run has ended: balanced().
struct RunCounts {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  std::uint64_t dead_lettered = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
  std::uint64_t held = 0;  // still inside when the run ended early: the sink was closed or failed
  std::uint64_t malformed = 0;  // of those read, whatever became of them
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

  std::uint64_t& dropped_for(DropReason reason) {
    return dropped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t dropped_for(DropReason reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t dropped_in_all() const;
  // Nothing that was read is lost without a reason.
  bool balanced() const { return read == written + dead_lettered + dropped_in_all() + held; }
  void merge(const RunCounts& other);
};

}  // namespace logbraid
