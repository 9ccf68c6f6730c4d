#include "logbraid/lifecycle.h"

namespace logbraid {

std::string_view to_string(LifecycleCode code) {
  switch (code) {
    case LifecycleCode::start:
      return "start";
    case LifecycleCode::check_health:
      return "health check";
    case LifecycleCode::stop:
      return "stop";
  }
  return "unknown";
}

}  // namespace logbraid
