// TLS to a real redis-server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clients/redis_client.h"
#include "tests/support/certificate.h"
#include "tests/support/client_driver.h"
#include "tests/support/redis_server.h"
#include "tests/support/scripted_server.h"
#include "tests/unit/clients/redis_setup.h"

namespace logbraid {
namespace {

using test::BoundPort;
using test::Certificate;
using test::driver_of;
using test::RedisServer;
using test::setup_of;
using ::testing::HasSubstr;

// A server that speaks TLS on a port of its own, with clients' certificates asked for or not.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate, const std::string& ask_clients = "no")
      : server_({"--tls-port", std::to_string(port_), "--tls-cert-file", certificate.file(),
                 "--tls-key-file", certificate.key(), "--tls-ca-cert-file", certificate.file(),
                 "--tls-auth-clients", ask_clients}) {
    server_.run({"SET", "a", "1"});
  }
  RedisSetup setup(const RedisTlsOptions& tls, const std::string& host = "127.0.0.1") const {
    RedisSetup setup = setup_of("rediss://" + host + ":" + std::to_string(port_));
    setup.connection.tls_options = tls;
    setup.connection.tls = redis_tls_context(tls).value();
    return setup;
  }

 private:
  const std::uint16_t port_ = BoundPort().number();
  RedisServer server_;
};

void expect_refused(const RedisSetup& setup, const std::string& why) {
  const auto ended = driver_of(setup)->ask({"a"});
  EXPECT_EQ(ended.error, RequestError::transport);
  EXPECT_THAT(ended.why, HasSubstr("TLS: "));
  EXPECT_THAT(ended.why, HasSubstr(why));
}

TEST(RedisTlsTest, asks_a_server_whose_certificate_is_trusted) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  const TlsServer server(certificate);
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const auto setup = server.setup({.ca_file = certificate.file()}, host);
    EXPECT_EQ(driver_of(setup)->ask({"a"}).rows[0].answer, R"({"0":"1"})") << host;
  }
}

TEST(RedisTlsTest, refuses_a_certificate_that_nobody_vouches_for) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  const TlsServer server(certificate);
  expect_refused(server.setup({}), "certificate verify failed");
  const auto unchecked = server.setup({.verify = false});
  EXPECT_EQ(driver_of(unchecked)->ask({"a"}).rows[0].answer, R"({"0":"1"})");
}

TEST(RedisTlsTest, refuses_a_certificate_that_has_expired) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:localhost,IP:127.0.0.1", -1);
  const TlsServer server(certificate);
  expect_refused(server.setup({.ca_file = certificate.file()}), "certificate verify failed");
}

TEST(RedisTlsTest, refuses_a_certificate_for_another_host) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:redis.example");
  const TlsServer server(certificate);
  expect_refused(server.setup({.ca_file = certificate.file()}), "certificate verify failed");
  const auto named = server.setup({.ca_file = certificate.file(), .server_name = "redis.example"});
  EXPECT_EQ(driver_of(named)->ask({"a"}).rows[0].answer, R"({"0":"1"})");
}

TEST(RedisTlsTest, shows_a_certificate_where_the_server_wants_one) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  const TlsServer server(certificate, "yes");
  const auto with = server.setup({.ca_file = certificate.file(),
                                  .certificate = certificate.file(),
                                  .certificate_key = certificate.key()});
  EXPECT_EQ(driver_of(with)->ask({"a"}).rows[0].answer, R"({"0":"1"})");
  const auto without = driver_of(server.setup({.ca_file = certificate.file()}))->ask({"a"});
  EXPECT_EQ(without.error, RequestError::transport);
}

TEST(RedisTlsTest, large_replies_come_whole) {
  LOGBRAID_NEEDS_REDIS();
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  const TlsServer server(certificate);
  const auto driver = driver_of(server.setup({.ca_file = certificate.file()}));
  const std::string key(1'000'000, 'k');  // goes out in several records
  EXPECT_EQ(driver->ask({key, "a", key}).rows[1].answer, R"({"0":"1"})");
}

TEST(RedisTlsTest, files_that_hold_no_certificate_are_errors) {
  const Certificate certificate("DNS:localhost");
  const Certificate other("DNS:localhost");
  EXPECT_THAT(redis_tls_context({.ca_file = certificate.key()}).error().message,
              HasSubstr("ca_file " + certificate.key()));
  EXPECT_THAT(redis_tls_context({.ca_file = "/no/such/file"}).error().message,
              HasSubstr("ca_file /no/such/file: No such file"));
  EXPECT_THAT(redis_tls_context({.certificate = certificate.file(), .certificate_key = other.key()})
                  .error()
                  .message,
              HasSubstr("certificate_key " + other.key()));
}

}  // namespace
}  // namespace logbraid
