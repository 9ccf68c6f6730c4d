#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lookup/request.h"

namespace logbraid {

// What an error reply of Redis means.
struct RedisError {
  // The request has failed as a whole, all its rows alike; nullopt: only what was asked for.
  std::optional<RequestError> of_request;
  std::string text;  // as the server wrote it: valid UTF-8, no longer than a line

  static RedisError of(std::string_view reply);
};

}  // namespace logbraid
