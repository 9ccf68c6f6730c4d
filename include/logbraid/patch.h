#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "logbraid/arena.h"
#include "logbraid/path.h"
#include "logbraid/value.h"

namespace logbraid {

// How one call of an enricher ended, as it says itself. What the engine adds (timeouts and the
// like) is an Outcome.
enum class CallResult : std::uint8_t {
  ok,
  no_match,  // nothing known about this event: not a failure
  error,
};

struct [[nodiscard]] EnrichStatus {
  constexpr EnrichStatus(CallResult what = CallResult::ok) : result(what) {}  // NOLINT
  // `why` must outlive the batch: a literal, or Patch::fail().
  static constexpr EnrichStatus error(std::string_view why) {
    EnrichStatus status(CallResult::error);
    status.reason = why;
    return status;
  }
  // An error that is the event's fault (a key that is no key): the circuit breaker does not count
  // it against the enricher.
  static constexpr EnrichStatus bad_event(std::string_view why) {
    EnrichStatus status = error(why);
    status.blames_event = true;
    return status;
  }
  static constexpr EnrichStatus no_match() { return {CallResult::no_match}; }

  CallResult result;
  bool blames_event = false;
  std::string_view reason;
};

// One step of a patch: set a field, or remove it.
struct PatchOp {
  PathView path;
  Value value;  // absent: remove
};

// Steps that are the same for many events: made once, kept by the enricher, taken by patches
// without a copy. (constant_fields.h makes them.)
//
// Lifetime: paths, values and the text must outlive the batches they were written to.
struct ConstantSteps {
  std::span<const PatchOp> ops;  // each sets a value
  // What they come to in an event that has none of their fields, as JSON without the braces:
  // "version":"1.0.0","net":{"site":"a"}. Empty: not known.
  std::string_view json;
  std::uint64_t key_mask = 0;  // as of a patch
  std::uint32_t bytes = 0;     // of the values
};

// What one enricher does to one event: an ordered list of set and remove, its own, seen by its
// descendants when its call has ended, and by nobody before.
//
// Threads:  the call's own thread.
// Lifetime: the batch's. Paths given as PathView must outlive the batch: members of the enricher.
// Errors:   over kMaxBytes nothing more is taken and overflowed() is true; the call is an error
// then.
class Patch {
 public:
  // Keys, strings and JSON texts of one enricher for one event (resilience.md, "caps").
  static constexpr std::uint32_t kMaxBytes = 1024 * 1024;

  explicit Patch(Arena* arena = nullptr) : arena_(arena) {}

  // Sets a field; bytes of strings and JSON texts are copied into the arena. Setting `absent`
  // does nothing. Setting below a scalar replaces the scalar; objects merge member by member.
  void set(PathView path, Value value) {
    if (value.absent() || path.empty()) return;
    const std::string_view bytes = value.text();
    if (!take(bytes.size())) return;
    if (!bytes.empty()) value = relocated(value, arena_->copy(bytes));
    append(path, value);
  }
  // The same without the copy: the value's bytes must outlive the batch (views of the event itself
  // and of literals do).
  void set_view(PathView path, Value value) {
    if (value.absent() || path.empty() || !take(value.text().size())) return;
    append(path, value);
  }
  void remove(PathView path) {
    if (!path.empty() && take(0)) append(path, Value());
  }
  // The same as set_view() for each of them; where they are the first, nothing is copied.
  void set_constant(const ConstantSteps& steps) {
    if (!take(steps.bytes)) return;
    if (ops_.empty()) {
      ops_ = ArenaVector<PatchOp>::view(steps.ops);
      key_mask_ = steps.key_mask;
      constant_ = &steps;
      return;
    }
    for (const PatchOp& op : steps.ops) append(op.path, op.value);
  }

  // A path made on the spot dies before the batch does: keep it in the enricher, or parse_path() it
  // into arena().
  void set(FieldPath&& path, Value value) = delete;
  void set_view(FieldPath&& path, Value value) = delete;
  void remove(FieldPath&& path) = delete;

  // An error whose reason is made up now.
  EnrichStatus fail(std::string_view why) { return EnrichStatus::error(arena_->copy(why)); }

  // Memory that lives as long as the patch: for values that are put together.
  Arena& arena() { return *arena_; }

  std::span<const PatchOp> ops() const { return {ops_.data(), ops_.size()}; }
  bool empty() const { return ops_.empty(); }
  // The constant steps that this patch is, and nothing else; null where it is something else.
  const ConstantSteps* constant() const { return constant_; }
  // key_bit() of each op's first segment.
  std::uint64_t key_mask() const { return key_mask_; }
  bool overflowed() const { return bytes_ > kMaxBytes; }
  // The same patch in another arena: what stands in this one's arena is copied, all else is shared.
  Patch moved_to(Arena& arena) const;
  void clear() {
    if (constant_ != nullptr) ops_.release();
    constant_ = nullptr;
    ops_.clear();
    key_mask_ = 0;
    bytes_ = 0;
  }

 private:
  static Value relocated(const Value& value, std::string_view bytes) {
    switch (value.kind()) {
      case ValueKind::object:
        return Value::object(bytes);
      case ValueKind::array:
        return Value::array(bytes);
      case ValueKind::real:
        return Value::number(bytes);
      default:
        return Value(bytes);
    }
  }
  bool take(std::size_t bytes) {
    if (overflowed() || bytes > kMaxBytes - bytes_) {
      bytes_ = kMaxBytes + 1;
      return false;
    }
    bytes_ += static_cast<std::uint32_t>(bytes);
    return true;
  }
  void append(PathView path, Value value) {
    constant_ = nullptr;
    key_mask_ |= path.front().bit;
    ops_.emplace_back(*arena_, path, value);
  }

  Arena* arena_;
  ArenaVector<PatchOp> ops_;
  const ConstantSteps* constant_ = nullptr;
  std::uint64_t key_mask_ = 0;
  std::uint32_t bytes_ = 0;
};

}  // namespace logbraid
