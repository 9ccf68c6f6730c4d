#include "core/constant_steps.h"

#include "core/overlay.h"

namespace logbraid {

std::string added_json(std::span<const PatchOp> ops) {
  Arena nodes(1024);
  Overlay sum;
  sum.begin(nodes);
  for (const PatchOp& op : ops) sum.apply(op);
  std::string json;
  for (Overlay::Node* node = sum.root().first_child; node != nullptr; node = node->next) {
    if (!json.empty()) json += ',';
    json += node->key.quoted;
    sum.append(json, *node, {});
  }
  return sum.conflicts() == 0 ? json : std::string();
}

ConstantSteps constant_steps(std::span<const PatchOp> ops, std::string_view json) {
  ConstantSteps steps{ops, json};
  for (const PatchOp& op : ops) {
    steps.key_mask |= op.path.front().bit;
    steps.bytes += static_cast<std::uint32_t>(op.value.text().size());
  }
  return steps;
}

}  // namespace logbraid
