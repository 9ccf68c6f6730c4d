#pragma once

#include <string>
#include <vector>

#include "logbraid/arena.h"
#include "logbraid/patch.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// Fields whose values stand in the configuration: `{version: 1.0.0, deployment.zone: eu}`.
// Names are field paths; a nested map becomes an object, whose keys are taken literally.
//
// Threads:  set_on() from any thread, when all are added.
// Lifetime: must outlive the batches it wrote to: patches get views.
// Cost:     a few ns for all of them, no copy.
class ConstantFields {
 public:
  ConstantFields() = default;

  // Errors name the place: no map, a name that is no field path, a secret, text that is not UTF-8,
  // over 64 levels or 1 MiB in all.
  static Result<ConstantFields> parse(const Setting& map);
  Result<void> add(const std::string& name, const Setting& value);

  void set_on(Patch& patch) const { patch.set_constant(steps_); }
  bool empty() const { return ops_.empty(); }
  const std::vector<FieldPath>& paths() const { return paths_; }

 private:
  Result<void> append(const std::string& name, const Setting& value);
  void finish();

  std::vector<FieldPath> paths_;
  std::vector<PatchOp> ops_;
  Arena texts_{256};
  std::size_t bytes_ = 0;
  std::vector<char> json_;
  ConstantSteps steps_;  // of ops_ and json_
};

}  // namespace logbraid
