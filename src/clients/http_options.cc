#include "clients/http_options.h"

namespace logbraid {

std::string HttpOptions::connection_key() const {
  std::string all = origin.url();
  const auto add = [&all](std::string_view part) {
    all += '\0';
    all += part;
  };
  add(server_name);
  add(ca_file);
  add(certificate);
  add(private_key);
  add(verify ? "verify" : "");
  add(http2 ? "http2" : "");
  add(proxy ? proxy->user_info + "@" + proxy->origin.url() : "");
  add(refuses != nullptr ? "refuses" : "");
  add(std::to_string(connections));
  add(std::to_string(idle_timeout.count()));
  return all;
}

}  // namespace logbraid
