#pragma once

#include <string>
#include <string_view>

#include "tests/support/temporary_directory.h"

namespace logbraid::test {

// A certificate that signs itself and its key, as files in PEM; made by the openssl command.
class Certificate {
 public:
  // `names`: as subjectAltName has them, "DNS:localhost,IP:127.0.0.1". With days below zero it has
  // expired. Throws std::runtime_error where openssl does not make one.
  explicit Certificate(std::string_view names, int days = 2);

  std::string file() const { return directory_ / "certificate.pem"; }
  std::string key() const { return directory_ / "key.pem"; }

 private:
  TemporaryDirectory directory_;
};

}  // namespace logbraid::test
