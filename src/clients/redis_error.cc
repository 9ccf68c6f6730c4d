#include "clients/redis_error.h"

#include <algorithm>
#include <array>

#include "core/json_text.h"

namespace logbraid {
namespace {

struct Code {
  std::string_view code;
  RequestError error;
};

// By the first word. All others speak of the key: WRONGTYPE, ERR.
constexpr std::array kCodes = {
    Code{"LOADING", RequestError::overloaded},  // reads its data after a start
    Code{"BUSY", RequestError::overloaded},     // runs a script
    Code{"OOM", RequestError::overloaded},        Code{"TRYAGAIN", RequestError::overloaded},
    Code{"MASTERDOWN", RequestError::overloaded}, Code{"CLUSTERDOWN", RequestError::overloaded},
    Code{"NOAUTH", RequestError::refused},        Code{"WRONGPASS", RequestError::refused},
    Code{"NOPERM", RequestError::refused},        Code{"MOVED", RequestError::refused},
    Code{"ASK", RequestError::refused},
};

constexpr std::size_t kMostText = 200;

}  // namespace

RedisError RedisError::of(std::string_view reply) {
  RedisError error;
  append_valid_utf8(error.text, reply.substr(0, kMostText));
  const std::string_view word = reply.substr(0, reply.find(' '));
  const auto code = std::ranges::find(kCodes, word, &Code::code);
  if (code == kCodes.end()) return error;
  error.of_request = code->error;
  if (word == "MOVED" || word == "ASK") {
    error.text += " (this is a node of a cluster: cluster mode is not supported)";
  }
  return error;
}

}  // namespace logbraid
