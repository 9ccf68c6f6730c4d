// Who waits in the line of a pool is asked for as soon as there is room.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/redis_client.h"
#include "tests/support/client_driver.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/redis_setup.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using Peer = ScriptedServer::Peer;

constexpr std::string_view kMget = "*2\r\n$4\r\nMGET\r\n$1\r\na\r\n";
constexpr std::string_view kOne = "*1\r\n$1\r\n1\r\n";

// One that sends others when it has ended, from within, as the request path does while keys wait.
class Chained final : public RequestOwner {
 public:
  explicit Chained(Client*& client, std::vector<Chained*> next = {})
      : client_(client), next_(std::move(next)) {
    request_.begin();
    request_.add("a");
  }
  void send() { client_->send(request_); }
  bool is_answered() {
    return ended_.wait_for(30s) == std::future_status::ready &&
           request_.error() == RequestError::none;
  }

  void request_ended(Request&) noexcept override {
    for (Chained* const next : next_) next->send();
    end_.set_value();
  }

 private:
  Client*& client_;
  const std::vector<Chained*> next_;
  Request request_{*this};
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
};

// Two answers come together to a connection that takes three requests: what the first brings fills
// it and leaves one in line, for which the second makes room again.
TEST(RedisPoolTest, one_that_waits_is_asked_for_when_an_answer_makes_room) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_until(kMget);
    peer.read_until(kMget);
    peer.write(std::string(kOne) + std::string(kOne));
    // The one in line is asked for before any other answer.
    for (int i = 0; i < 3; ++i) peer.read_until(kMget);
    for (int i = 0; i < 3; ++i) peer.write(kOne);
    peer.hang();
  }});
  auto setup = setup_of("redis://127.0.0.1:" + std::to_string(server.port()));
  setup.connection.pipeline = 3;
  Client* client = nullptr;
  ClientDriver driver([&](const LookupSurroundings& surroundings) {
    auto made = make_redis_client(setup, surroundings);
    client = made.get();
    return made;
  });
  Chained third(client);
  Chained fourth(client);
  Chained in_line(client);
  Chained first(client, {&third, &fourth, &in_line});
  Chained second(client);
  driver.on_loop([&] {
    first.send();
    second.send();
  });
  for (Chained* const each : {&first, &second, &third, &fourth, &in_line}) {
    EXPECT_TRUE(each->is_answered());
  }
  driver.destroy_client();
}

}  // namespace
}  // namespace logbraid::test
