#include "tests/support/certificate.h"

#include <stdexcept>
#include <vector>

#include "tests/support/child_process.h"

namespace logbraid::test {
namespace {

void run(const std::vector<std::string>& command) {
  const ProcessResult result = run_process(command);
  if (result.code != 0) throw std::runtime_error("openssl: " + result.err);
}

}  // namespace

Certificate::Certificate(std::string_view names, int days) {
  const std::string openssl = "/usr/bin/openssl";
  const std::string request = directory_ / "request.pem";
  const std::string extensions = directory_.file(
      "extensions",
      "basicConstraints=critical,CA:true\nsubjectAltName=" + std::string(names) + "\n");
  run({openssl, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
       "-nodes", "-subj", "/CN=logbraid test", "-keyout", key(), "-out", request});
  // `req -x509` refuses days that are over.
  run({openssl, "x509", "-req", "-in", request, "-signkey", key(), "-days", std::to_string(days),
       "-extfile", extensions, "-out", file()});
}

}  // namespace logbraid::test
