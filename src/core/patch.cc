#include "logbraid/patch.h"

namespace logbraid {
namespace {

PathView moved_path(PathView path, const Arena& from, Arena& to) {
  if (!from.contains(path.begin())) return path;
  auto* segments = to.allocate_array<PathSegment>(path.size());
  for (std::uint32_t i = 0; i < path.size(); ++i) {
    const auto moved = [&](std::string_view text) {
      return from.contains(text.data()) ? to.copy(text) : text;
    };
    new (segments + i) PathSegment{moved(path[i].key), moved(path[i].quoted), path[i].bit};
  }
  return {segments, path.size()};
}

}  // namespace

Patch Patch::moved_to(Arena& arena) const {
  Patch moved(&arena);
  if (constant_ != nullptr) {
    moved.set_constant(*constant_);
    return moved;
  }
  for (const PatchOp& op : ops()) {
    const std::string_view bytes = op.value.text();
    Value value = op.value;
    if (!bytes.empty() && arena_->contains(bytes.data()))
      value = relocated(value, arena.copy(bytes));
    moved.append(moved_path(op.path, *arena_, arena), value);
  }
  moved.bytes_ = bytes_;
  return moved;
}

}  // namespace logbraid
