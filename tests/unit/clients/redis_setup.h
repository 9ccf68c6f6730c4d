#pragma once

#include <memory>
#include <string_view>

#include "clients/redis_client.h"
#include "tests/support/client_driver.h"

namespace logbraid::test {

inline RedisSetup setup_of(std::string_view url) {
  RedisUrl parsed = RedisUrl::parse(url).value();
  RedisSetup setup;
  setup.lookup.prefix = parsed.prefix;
  setup.connection.endpoint = parsed.endpoint;
  // What is slow in a test is the machine.
  setup.connection.connect_timeout = std::chrono::seconds(30);
  return setup;
}

inline std::unique_ptr<ClientDriver> driver_of(const RedisSetup& setup,
                                               Duration timeout = std::chrono::seconds(30),
                                               ManualClock* manual = nullptr) {
  return std::make_unique<ClientDriver>(
      [setup](const LookupSurroundings& surroundings) {
        return make_redis_client(setup, surroundings);
      },
      timeout, manual);
}

}  // namespace logbraid::test
