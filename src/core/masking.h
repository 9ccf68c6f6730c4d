#pragma once

#include <string>
#include <string_view>

namespace logbraid {

// What stands for a secret wherever settings are shown.
inline constexpr std::string_view kMask = "***";

// `text` with the passwords of URIs in it masked: what stands between `user:` and `@host`, and the
// values of query parameters named password, passwd, secret, token, api_key or access_key.
std::string mask_passwords(std::string_view text);

}  // namespace logbraid
