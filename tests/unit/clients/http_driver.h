// An HTTP client as tests drive it: on a loop, against a server of theirs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/host_resolver.h"
#include "clients/http_client.h"
#include "clients/http_options.h"
#include "lookup/key_template.h"
#include "tests/support/client_driver.h"
#include "tests/unit/clients/scripted_resolver.h"

namespace logbraid::test {

// A key is the target of a request; field 0 of the answer is what stands at /plan, field 1 the
// whole.
inline HttpOptions http_options(std::string_view url) {
  std::vector<KeyTemplate> parts;
  parts.push_back(*KeyTemplate::parse("/users/{{id}}", KeyEscape::url_path));
  HttpOptions options(HttpUrl::parse(url)->origin, KeySpec(std::move(parts)));
  options.reply.fields.push_back(*JsonPointer::parse("/plan"));
  options.reply.fields.push_back(*JsonPointer::parse(""));
  return options;
}
inline HttpOptions http_options(std::uint16_t port) {
  return http_options("http://127.0.0.1:" + std::to_string(port));
}

struct HttpDriver : ClientDriver {
  explicit HttpDriver(HttpOptions options, Duration timeout = std::chrono::seconds(30),
                      std::string authorization = {},
                      std::shared_ptr<ScriptedResolver> resolver = nullptr,
                      ManualClock* manual = nullptr)
      : ClientDriver(
            [options = std::make_shared<const HttpOptions>(std::move(options)),
             authorization = std::move(authorization), resolver = std::move(resolver)](
                const LookupSurroundings& surroundings) -> std::unique_ptr<Client> {
              // The client finds the one that is there.
              const auto held = surroundings.shared.get<HostResolver>("system", [&] {
                return resolver != nullptr ? std::shared_ptr<HostResolver>(resolver)
                                           : make_host_resolver(surroundings);
              });
              return std::make_unique<HttpClient>(surroundings, options, authorization);
            },
            timeout, manual) {}
};

// A whole reply.
inline std::string http_reply(std::string_view status, std::string_view body,
                              std::string_view more_headers = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more_headers) + "\r\n" + std::string(body);
}

}  // namespace logbraid::test
