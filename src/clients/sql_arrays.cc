#include "clients/sql_arrays.h"

#include <cstdint>

namespace logbraid {

void SqlArrays::write(Request& request, std::size_t at) {
  if (at >= keys_.size() || keys_[at].rows == 0) return;
  Key& key = keys_[at];
  request.found(at);
  for (std::size_t i = 0; i < key.arrays.size(); ++i) {
    key.arrays[i] += ']';
    request.value(static_cast<std::uint16_t>(i), Value::array(key.arrays[i]));
  }
  drop(at);
}

void SqlArrays::drop(std::size_t at) {
  if (at < keys_.size()) keys_[at] = {};
}

}  // namespace logbraid
