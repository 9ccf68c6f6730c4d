#pragma once

#include <string_view>

#include "logbraid/result.h"

namespace logbraid {

// Writes all of it, in as many writes as that takes. False: nobody reads any more (EPIPE; the
// process must ignore SIGPIPE). An error is an errno's text.
//
// Blocking: until it is written, also where somebody made the descriptor non-blocking.
Result<bool> write_all(int descriptor, std::string_view bytes);

}  // namespace logbraid
