// The client against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "clients/http_client.h"
#include "tests/support/nginx.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/clients/http_driver.h"

namespace logbraid::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Row = Request::Row;

constexpr const char* kLocations = R"(
    location /users/ { return 200 '{"plan":"free","target":"$request_uri"}'; }
    location /missing/ { return 404; }
)";

class HttpNginxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Nginx::is_installed()) GTEST_SKIP() << "nginx is not installed";
  }
  static HttpOptions trusting(const Nginx& nginx, const Certificate& certificate) {
    HttpOptions options = http_options(nginx.url());
    options.ca_file = certificate.file();
    return options;
  }
  // So many at once; gives those that were answered.
  static int ask_many(HttpDriver& driver, int count) {
    std::vector<HttpDriver::Sent> sent;
    for (int i = 0; i < count; ++i) sent.push_back(driver.send({"/users/" + std::to_string(i)}));
    int answered = 0;
    for (int i = 0; i < count; ++i) {
      const auto ended = sent[static_cast<std::size_t>(i)].ended.get();
      if (ended.error != RequestError::none) continue;
      ++answered;
      EXPECT_THAT(ended.rows.at(0).answer,
                  HasSubstr(R"("target":"/users/)" + std::to_string(i) + "\""));
    }
    return answered;
  }
};

TEST_F(HttpNginxTest, is_asked_over_connections_that_are_kept) {
  const Nginx nginx(kLocations);
  HttpDriver driver(http_options(nginx.url()));
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(driver.ask({"/users/7"}).rows.at(0).answer, StartsWith(R"({"0":"free")"));
  }
  EXPECT_EQ(driver.ask({"/missing/7"}).rows.at(0).what, Row::not_found);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask_many(driver, 64), 64);
  EXPECT_LE(driver.recorder().connections_opened.get(), 64u);
}

TEST_F(HttpNginxTest, goes_away_and_comes_back_under_load) {
  Nginx nginx(kLocations);
  HttpDriver driver(http_options(nginx.url()));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ask_many(driver, 64), 64);
    std::vector<HttpDriver::Sent> sent;
    for (int i = 0; i < 200; ++i) sent.push_back(driver.send({"/users/1"}));
    nginx.kill();
    for (auto& one : sent) one.ended.get();  // each ends, one way or the other
    EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::transport);
    nginx.start();
    EXPECT_EQ(driver.probe({"/users/1"}).error, RequestError::none) << "at the next probe";
  }
}

TEST_F(HttpNginxTest, shares_a_connection_among_requests_by_http_2) {
  const Certificate certificate("DNS:localhost");
  const Nginx nginx(kLocations, &certificate);
  HttpDriver driver(trusting(nginx, certificate));
  EXPECT_EQ(ask_many(driver, 64), 64);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
  // A line is logged behind its answer, but before the next one.
  EXPECT_EQ(driver.ask({"/users/64"}).error, RequestError::none);
  EXPECT_THAT(nginx.log(), HasSubstr("HTTP/2.0 GET /users/63 200\n"));
}

TEST_F(HttpNginxTest, has_tls_ahead_of_requests_where_it_has_a_path_to_ask) {
  const Certificate certificate("DNS:localhost");
  const Nginx nginx(kLocations, &certificate);
  HttpOptions options = trusting(nginx, certificate);
  options.warm_up = "/missing/health";
  HttpDriver driver(std::move(options));
  driver.warm_up();
  EXPECT_EQ(ask_many(driver, 64), 64);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u) << "it stood, or they waited for it";
  EXPECT_EQ(driver.ask({"/users/64"}).error, RequestError::none);
  EXPECT_THAT(nginx.log(), StartsWith("HTTP/2.0 GET /missing/health 404\n"));
}

TEST_F(HttpNginxTest, is_asked_by_http_1_over_tls_where_that_is_wanted) {
  const Certificate certificate("DNS:localhost");
  const Nginx nginx(kLocations, &certificate);
  HttpOptions options = trusting(nginx, certificate);
  options.http2 = false;
  HttpDriver driver(std::move(options));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_many(driver, 64), 64);
  EXPECT_LE(driver.recorder().connections_opened.get(), 64u);
  EXPECT_EQ(driver.ask({"/users/64"}).error, RequestError::none);
  EXPECT_THAT(nginx.log(), HasSubstr("HTTP/1.1 GET /users/63 200\n"));
}

TEST_F(HttpNginxTest, goes_away_and_comes_back_under_http_2) {
  const Certificate certificate("DNS:localhost");
  Nginx nginx(kLocations, &certificate);
  HttpDriver driver(trusting(nginx, certificate));
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ask_many(driver, 64), 64);
    nginx.kill();
    EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::transport);
    nginx.start();
    EXPECT_EQ(driver.probe({"/users/1"}).error, RequestError::none);
  }
  EXPECT_EQ(ask_many(driver, 64), 64);
}

TEST_F(HttpNginxTest, is_not_trusted_with_a_certificate_that_is_not_its_own) {
  const struct {
    const char* names;
    int days;
    const char* why;
  } rows[] = {{"DNS:localhost", -1, "expired"},
              {"DNS:elsewhere.example", 2, "localhost"},
              {"IP:192.0.2.1", 2, "localhost"}};
  for (const auto& row : rows) {
    const Certificate certificate(row.names, row.days);
    const Nginx nginx(kLocations, &certificate);
    {
      HttpDriver driver(trusting(nginx, certificate));
      const auto ended = driver.ask({"/users/1"});
      EXPECT_EQ(ended.error, RequestError::transport) << row.names;
      EXPECT_THAT(ended.why, HasSubstr(row.why));
      EXPECT_EQ(driver.recorder().connections_failed.get(), 1u);
    }
    HttpOptions options = http_options(nginx.url());
    options.verify = false;
    HttpDriver careless(std::move(options));
    EXPECT_EQ(careless.ask({"/users/1"}).error, RequestError::none);
  }
  // Of no authority that the system knows.
  const Certificate certificate("DNS:localhost");
  const Nginx nginx(kLocations, &certificate);
  HttpDriver driver(http_options(nginx.url()));
  EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::transport);
  // Known by another name.
  const Certificate internal("DNS:users.internal");
  const Nginx named(kLocations, &internal);
  HttpOptions options = trusting(named, internal);
  options.server_name = "users.internal";
  HttpDriver knowing(std::move(options));
  const auto ended = knowing.ask({"/users/1"});
  EXPECT_EQ(ended.error, RequestError::none) << ended.why;
}

// libcurl keeps what it has read only where no directory of the system's is searched beside the
// file: that nothing but the file is trusted shows here, too.
TEST_F(HttpNginxTest, reads_whom_it_trusts_once_for_many_connections) {
  const Certificate certificate("DNS:localhost");
  const Nginx nginx(std::string("keepalive_timeout 0;") + kLocations, &certificate);
  const TemporaryDirectory files;
  const std::string authorities = files / "authorities.pem";
  std::filesystem::copy_file(certificate.file(), authorities);
  HttpOptions options = http_options(nginx.url());
  options.ca_file = authorities;
  options.http2 = false;
  HttpDriver driver(std::move(options));
  for (std::uint64_t connection = 1; connection <= 3; ++connection) {
    const auto ended = driver.ask({"/users/1"});
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(driver.recorder().connections_opened.get(), connection);
    std::filesystem::remove(authorities);
  }
}

TEST_F(HttpNginxTest, wants_a_certificate_of_the_client) {
  const Certificate certificate("DNS:localhost");
  const Certificate client("DNS:client");
  const Nginx nginx(
      "ssl_verify_client on; ssl_client_certificate " + client.file() + ";" + kLocations,
      &certificate);
  {
    HttpDriver driver(trusting(nginx, certificate));
    EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::bad_request);
  }
  HttpOptions options = trusting(nginx, certificate);
  options.certificate = client.file();
  options.private_key = client.key();
  HttpDriver driver(std::move(options));
  EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::none);
}

TEST_F(HttpNginxTest, is_held_to_the_limit_of_a_reply_when_it_is_unpacked) {
  const TemporaryDirectory files;
  files.file("small.json", R"({"plan":")" + std::string(100'000, 'x') + "\"}");
  files.file("bomb.json", R"({"plan":")" + std::string(64 * 1024 * 1024, 'x') + "\"}");
  const Nginx nginx(
      "gzip on; gzip_types application/json; types { application/json json; }\n"
      "location / { root " +
      files.path().string() + "; }\n");
  HttpDriver driver(http_options(nginx.url()));
  EXPECT_EQ(driver.ask({"/small.json"}).error, RequestError::none);
  const auto ended = driver.ask({"/bomb.json"});
  EXPECT_EQ(ended.error, RequestError::oversize);
  EXPECT_THAT(ended.why, HasSubstr("max_reply"));
  EXPECT_EQ(driver.ask({"/small.json"}).error, RequestError::none);
}

}  // namespace
}  // namespace logbraid::test
