#include "logbraid/outcome.h"

namespace logbraid {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::no_match:
      return "no_match";
    case Outcome::error:
      return "error";
    case Outcome::timeout:
      return "timeout";
    case Outcome::breaker_open:
      return "breaker_open";
    case Outcome::rejected:
      return "rejected";
    case Outcome::unhealthy:
      return "unhealthy";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::condition_false:
      return "condition_false";
    case Outcome::dependency_unmet:
      return "dependency_unmet";
  }
  return "unknown";
}

}  // namespace logbraid
