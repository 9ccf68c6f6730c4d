#include "clients/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <string>
#include <vector>

#include "tests/support/scripted_server.h"
#include "tests/unit/clients/http_driver.h"

namespace logbraid::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Row = Request::Row;
using Script = ScriptedServer::Script;
using Peer = ScriptedServer::Peer;

// Answers each request of a connection alike.
Script answering(std::string reply) {
  return [reply = std::move(reply)](Peer& peer) {
    for (;;) {
      peer.read_until("\r\n\r\n");
      peer.write(reply);
    }
  };
}

// The same for requests whose bodies end in `end`.
Script answering_posts(std::string end, std::string reply) {
  return [end = std::move(end), reply = std::move(reply)](Peer& peer) {
    for (;;) {
      peer.read_until("\r\n\r\n");
      peer.read_until(end);
      peer.write(reply);
    }
  };
}

std::string url_of(const ScriptedServer& server, std::string_view host = "127.0.0.1") {
  return "http://" + std::string(host) + ":" + std::to_string(server.port());
}

TEST(HttpClientTest, gives_values_with_their_types) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"plan":"free"})", R"({"0":"free","1":{"plan":"free"}})"},
      {R"({"plan":1.10})", R"({"0":1.10,"1":{"plan":1.10}})"},
      {R"({"plan":true})", R"({"0":true,"1":{"plan":true}})"},
      {R"({"plan":null})", R"({"0":null,"1":{"plan":null}})"},
      {R"({"plan":{"a":[1,"\u00e4\n"]}})",
       R"({"0":{"a":[1,"\u00e4\n"]},"1":{"plan":{"a":[1,"\u00e4\n"]}}})"},
      {"{\n \"plan\":\n [1,\n2]}\n", R"({"0":[1, 2],"1":{  "plan":  [1, 2]}})"},
      {R"({"other":1})", R"({"1":{"other":1}})"},
      {"[]", R"({"1":[]})"},
      {"\"text\"", R"({"1":"text"})"},
  };
  for (const auto& [body, answer] : rows) {
    const ScriptedServer server({answering(http_reply("200 OK", body))});
    HttpDriver driver(http_options(server.port()));
    const auto ended = driver.ask({"/users/1"});
    EXPECT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows.at(0).answer, answer);
  }
}

TEST(HttpClientTest, sends_what_a_service_needs_to_know_and_no_more) {
  const ScriptedServer server({answering(http_reply("200 OK", "{}"))});
  HttpDriver driver(http_options(server.port()));
  driver.ask({"/users/a%20b?x=%26"});
  EXPECT_EQ(server.received(),
            "GET /users/a%20b?x=%26 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nUser-Agent: logbraid\r\nAccept-Encoding: gzip\r\n"
                "Accept: application/json\r\n\r\n");
}

TEST(HttpClientTest, uses_a_connection_again) {
  const ScriptedServer server({answering(http_reply("200 OK", "{}"))});
  HttpDriver driver(http_options(server.port()));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(driver.recorder().connections_opened.get(), 1u);
  EXPECT_EQ(driver.recorder().connections_failed.get(), 0u);
}

TEST(HttpClientTest, opens_no_more_connections_than_it_may) {
  ScriptedServer server({[](Peer& peer) {
    for (;;) {
      peer.read_until("\r\n\r\n");
      peer.wait_for_go();
      peer.write(http_reply("200 OK", "{}"));
    }
  }});
  HttpOptions options = http_options(server.port());
  options.connections = 2;
  HttpDriver driver(std::move(options));
  std::vector<HttpDriver::Sent> sent;
  for (int i = 0; i < 6; ++i) sent.push_back(driver.send({"/"}));
  server.let_go(6);
  for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::none);
  EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpClientTest, shards_divide_the_connections_of_the_process) {
  const struct {
    unsigned shard;
    std::size_t expected;
  } rows[] = {{0, 2u}, {1, 1u}};
  for (const auto& [shard, expected] : rows) {
    ScriptedServer server({[](Peer& peer) {
      for (;;) {
        peer.read_until("\r\n\r\n");
        peer.wait_for_go();
        peer.write(http_reply("200 OK", "{}"));
      }
    }});
    HttpOptions options = http_options(server.port());
    options.connections = 3;
    ClientDriver driver(on_shard(shard, 2,
                                 [all = std::make_shared<const HttpOptions>(std::move(options))](
                                     const LookupSurroundings& surroundings) {
                                   return std::make_unique<HttpClient>(surroundings, all, "");
                                 }));
    std::vector<ClientDriver::Sent> sent;
    for (int i = 0; i < 6; ++i) sent.push_back(driver.send({"/"}));
    server.wait_for_connections(expected);
    server.let_go(6);
    for (auto& one : sent) EXPECT_EQ(one.ended.get().error, RequestError::none);
    EXPECT_EQ(server.connections(), expected);
  }
}

// As HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::chrono::seconds from_now) {
  const std::time_t then = std::time(nullptr) + from_now.count();
  std::tm parts{};
  ::gmtime_r(&then, &parts);
  std::array<char, 64> text{};
  return {text.data(),
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

TEST(HttpClientTest, passes_on_how_long_a_service_wants_to_be_left_alone) {
  const struct {
    const char* status;
    std::string value;
    std::chrono::seconds least;
    std::chrono::seconds most;
  } rows[] = {
      {"503 Service Unavailable", "2", 2s, 2s},
      {"429 Too Many Requests", "120", 120s, 120s},
      {"429 Too Many Requests", "0", 0s, 0s},
      {"429 Too Many Requests", "-30", 0s, 0s},
      {"429 Too Many Requests", "86401", 24h, 24h},
      {"429 Too Many Requests", "9000000000000000000", 24h, 24h},
      {"429 Too Many Requests", "99999999999999999999999", 0s, 0s},
      {"429 Too Many Requests", "soon", 0s, 0s},
      {"429 Too Many Requests", "", 0s, 0s},
      {"503 Service Unavailable", http_date(100s), 70s, 100s},
      {"503 Service Unavailable", http_date(-100s), 0s, 0s},
      {"503 Service Unavailable", "Sun, 06 Nov 1994 08:49:37 GMT", 0s, 0s},
      {"503 Service Unavailable", "Sat, 01 Jan 2390 00:00:00 GMT", 24h, 24h},
      {"503 Service Unavailable", "Sun, 99 Nov 2390 99:99:99 GMT", 0s, 0s},
      {"500 Internal Server Error", "2", 0s, 0s},  // says nothing of load
      {"200 OK", "2", 0s, 0s},
  };
  for (const auto& [status, value, least, most] : rows) {
    const ScriptedServer server(
        {answering(http_reply(status, "{}", "Retry-After: " + value + "\r\n"))});
    HttpDriver driver(http_options(server.port()));
    const auto wait = driver.ask({"/"}).leave_alone_for;
    EXPECT_GE(wait, least) << status << ' ' << value;
    EXPECT_LE(wait, most) << status << ' ' << value;
  }
}

TEST(HttpClientTest, what_one_reply_asked_for_is_not_taken_for_the_next_ones) {
  const ScriptedServer server({[](Peer& peer) {
    for (const char* const header : {"Retry-After: 5\r\n", ""}) {
      peer.read_until("\r\n\r\n");
      peer.write(http_reply("503 Service Unavailable", "", header));
    }
  }});
  HttpDriver driver(http_options(server.port()));
  EXPECT_EQ(driver.ask({"/"}).leave_alone_for, 5s);
  EXPECT_EQ(driver.ask({"/"}).leave_alone_for, 0s);
}

TEST(HttpClientTest, takes_a_status_for_what_it_says) {
  const struct {
    const char* status;
    RequestError error;
    Row row;
  } rows[] = {
      {"200 OK", RequestError::none, Row::found},
      {"203 Non-Authoritative Information", RequestError::none, Row::found},
      {"404 Not Found", RequestError::none, Row::not_found},
      {"410 Gone", RequestError::none, Row::not_found},
      {"429 Too Many Requests", RequestError::overloaded, Row::unset},
      {"503 Service Unavailable", RequestError::overloaded, Row::unset},
      {"500 Internal Server Error", RequestError::refused, Row::unset},
      {"502 Bad Gateway", RequestError::refused, Row::unset},
      {"400 Bad Request", RequestError::bad_request, Row::unset},
      {"401 Unauthorized", RequestError::bad_request, Row::unset},
      {"403 Forbidden", RequestError::bad_request, Row::unset},
  };
  for (const auto& [status, error, row] : rows) {
    const ScriptedServer server({answering(http_reply(status, R"({"plan":1})"))});
    HttpDriver driver(http_options(server.port()));
    const auto ended = driver.ask({"/"});
    EXPECT_EQ(ended.error, error) << status;
    EXPECT_EQ(ended.rows.at(0).what, row) << status;
    if (error != RequestError::none) {
      EXPECT_EQ(ended.why, "127.0.0.1:" + std::to_string(server.port()) + ": " + status);
    }
  }
}

TEST(HttpClientTest, takes_a_reply_without_content_for_not_found) {
  const ScriptedServer server({answering("HTTP/1.1 204 No Content\r\n\r\n")});
  HttpDriver driver(http_options(server.port()));
  EXPECT_EQ(driver.ask({"/"}).rows.at(0).what, Row::not_found);
}

TEST(HttpClientTest, sends_headers_and_authorization) {
  const ScriptedServer server({answering(http_reply("200 OK", "{}"))});
  HttpOptions options = http_options(server.port());
  options.headers = {{"X-Tenant", "shop"}, {"X-Empty", ""}, {"Accept", "application/vnd.x+json"}};
  HttpDriver driver(std::move(options), std::chrono::seconds(30), "Bearer s3cret");
  driver.ask({"/"});
  EXPECT_THAT(server.received(),
              AllOf(HasSubstr("\r\nAuthorization: Bearer s3cret\r\n"),
                    HasSubstr("\r\nX-Tenant: shop\r\n"), HasSubstr("\r\nX-Empty:\r\n")));
}

TEST(HttpClientTest, sends_parts_of_the_key_as_body_and_headers) {
  const ScriptedServer server({answering_posts("}", http_reply("200 OK", R"({"plan":1})"))});
  std::vector<KeyTemplate> parts;
  parts.push_back(*KeyTemplate::parse("/find", KeyEscape::url_path));
  parts.push_back(*KeyTemplate::parse(R"({"id":"{{id}}"})", KeyEscape::json_string));
  parts.push_back(*KeyTemplate::parse("{{tenant}}", KeyEscape::none));
  HttpOptions options(HttpUrl::parse(url_of(server))->origin, KeySpec(std::move(parts)));
  options.post = true;
  options.content_type = "application/json";
  options.body_part = 1;
  options.event_headers = {{"X-Tenant", 2}};
  options.reply.fields.push_back(*JsonPointer::parse("/plan"));
  HttpDriver driver(std::move(options));
  const auto key = [](std::string_view body, std::string_view tenant) {
    std::string made;
    for (const std::string_view part : {std::string_view("/find"), body, tenant}) {
      made += std::string{static_cast<char>(part.size()), '\0', '\0', '\0'} + std::string(part);
    }
    return made;
  };
  EXPECT_EQ(driver.ask({key(R"({"id":"7"})", "shop")}).rows.at(0).answer, R"({"0":1})");
  EXPECT_THAT(server.received(),
              AllOf(StartsWith("POST /find HTTP/1.1\r\n"), HasSubstr("\r\nX-Tenant: shop\r\n"),
                    HasSubstr("\r\nContent-Type: application/json\r\n"),
                    HasSubstr("\r\nContent-Length: 10\r\n"), HasSubstr("\r\n\r\n{\"id\":\"7\"}"),
                    Not(HasSubstr("Expect"))));
  // The headers of one request are not those of the next.
  EXPECT_EQ(driver.ask({key(R"({"id":"8"})", "")}).error, RequestError::none);
  EXPECT_THAT(server.received(), HasSubstr("\r\nX-Tenant:\r\n"));
}

TEST(HttpClientTest, refuses_values_that_would_begin_a_header_of_their_own) {
  const ScriptedServer server({answering(http_reply("200 OK", "{}"))});
  std::vector<KeyTemplate> parts;
  parts.push_back(*KeyTemplate::parse("/", KeyEscape::url_path));
  parts.push_back(*KeyTemplate::parse("{{tenant}}", KeyEscape::none));
  HttpOptions options(HttpUrl::parse(url_of(server))->origin, KeySpec(std::move(parts)));
  options.event_headers = {{"X-Tenant", 1}};
  HttpDriver driver(std::move(options));
  for (const std::string_view value : {"a\r\nX-Admin: yes", "a\nb", "a\rb", "a\tb"}) {
    const std::string key = std::string("\1\0\0\0/", 5) +
                            std::string{static_cast<char>(value.size()), '\0', '\0', '\0'} +
                            std::string(value);
    const auto ended = driver.ask({key});
    EXPECT_EQ(ended.error, RequestError::bad_request) << value;
    EXPECT_THAT(ended.why, HasSubstr("control character"));
  }
  EXPECT_EQ(server.connections(), 0u);
}

HttpOptions bulk_options(const ScriptedServer& server, std::string_view items,
                         std::optional<std::string_view> item_key) {
  std::vector<KeyTemplate> parts;
  parts.push_back(*KeyTemplate::parse("{{id}}", KeyEscape::none));
  HttpOptions options(HttpUrl::parse(url_of(server))->origin, KeySpec(std::move(parts)));
  options.target = "/users/_find";
  options.post = true;
  options.content_type = "application/json";
  options.reply.fields.push_back(*JsonPointer::parse("/plan"));
  options.reply.bulk.emplace();
  options.reply.bulk->body_start = R"({"ids":[)";
  options.reply.bulk->body_end = "]}";
  options.reply.bulk->items = *JsonPointer::parse(items);
  if (item_key) options.reply.bulk->item_key = *JsonPointer::parse(*item_key);
  return options;
}

TEST(HttpClientTest, matches_the_items_of_a_bulk_reply_by_key) {
  const ScriptedServer server({answering_posts(
      "]}",
      http_reply("200 OK", R"({"users":[{"id":"c","plan":3},{"id":"a","plan":1},)"
                           R"({"id":"who","plan":9},{"plan":8},{"id":"b\"\\","plan":2}]})"))});
  HttpDriver driver(bulk_options(server, "/users", "/id"));
  const auto ended = driver.ask({"a", "b\"\\", "c", "d"});
  ASSERT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows.at(0).answer, R"({"0":1})");
  EXPECT_EQ(ended.rows.at(1).answer, R"({"0":2})");
  EXPECT_EQ(ended.rows.at(2).answer, R"({"0":3})");
  EXPECT_EQ(ended.rows.at(3).what, Row::not_found);
  EXPECT_THAT(server.received(), AllOf(StartsWith("POST /users/_find HTTP/1.1\r\n"),
                                       HasSubstr(R"({"ids":["a","b\"\\","c","d"]})")));
}

TEST(HttpClientTest, matches_the_items_of_a_bulk_reply_by_place_or_name) {
  {
    const ScriptedServer server(
        {answering_posts("]}", http_reply("200 OK", R"([{"plan":1},null,{"plan":3}])"))});
    HttpDriver driver(bulk_options(server, "", std::nullopt));
    const auto ended = driver.ask({"a", "b", "c"});
    ASSERT_EQ(ended.error, RequestError::none) << ended.why;
    EXPECT_EQ(ended.rows.at(0).answer, R"({"0":1})");
    EXPECT_EQ(ended.rows.at(1).what, Row::not_found);
    EXPECT_EQ(ended.rows.at(2).answer, R"({"0":3})");
    const auto fewer = driver.ask({"a", "b"});
    EXPECT_EQ(fewer.error, RequestError::malformed) << "whose is the third?";
    EXPECT_THAT(fewer.why, HasSubstr("3 items for 2 keys"));
    for (const auto& row : fewer.rows) EXPECT_EQ(row.what, Row::unset);
  }
  const ScriptedServer server({answering_posts(
      "]}", http_reply("200 OK", R"({"found":{"b":{"plan":2},"\u0061":{"plan":1},"x":{}}})"))});
  HttpDriver driver(bulk_options(server, "/found", std::nullopt));
  const auto ended = driver.ask({"a", "b", "c"});
  ASSERT_EQ(ended.error, RequestError::none) << ended.why;
  EXPECT_EQ(ended.rows.at(0).answer, R"({"0":1})");
  EXPECT_EQ(ended.rows.at(1).answer, R"({"0":2})");
  EXPECT_EQ(ended.rows.at(2).what, Row::not_found);
}

TEST(HttpClientTest, sends_numbers_as_numbers_and_nothing_else_for_one) {
  const ScriptedServer server(
      {answering_posts("]}", http_reply("200 OK", R"([{"id":7,"plan":1}])"))});
  HttpOptions options = bulk_options(server, "", "/id");
  options.reply.bulk->numbers = true;
  HttpDriver driver(std::move(options));
  EXPECT_EQ(driver.ask({"8", "7"}).rows.at(1).answer, R"({"0":1})");
  EXPECT_THAT(server.received(), HasSubstr(R"({"ids":[8,7]})"));
  const auto ended = driver.ask({"7", "1],\"admin\":[1"});
  EXPECT_EQ(ended.error, RequestError::bad_request);
  EXPECT_THAT(ended.why, HasSubstr("no number"));
}

TEST(HttpClientTest, is_told_when_a_bulk_reply_has_no_items) {
  for (const char* const body : {"{}", R"({"error":"try later"})", R"({"users":7})", "7"}) {
    for (const auto& item_key : {std::optional<std::string_view>("/id"), {}}) {
      const ScriptedServer server({answering_posts("]}", http_reply("200 OK", body))});
      HttpDriver driver(bulk_options(server, "/users", item_key));
      const auto ended = driver.ask({"a", "b"});
      EXPECT_EQ(ended.error, RequestError::malformed) << body;
      // Nothing that a cache might keep as `not found`.
      for (const auto& row : ended.rows) EXPECT_EQ(row.what, Row::unset) << body;
    }
  }
}

TEST(HttpClientTest, follows_no_redirect_unless_it_may) {
  const ScriptedServer server({answering(http_reply("302 Found", "", "Location: /elsewhere\r\n"))});
  {
    HttpDriver driver(http_options(server.port()));
    const auto ended = driver.ask({"/"});
    EXPECT_EQ(ended.error, RequestError::bad_request);
    EXPECT_THAT(ended.why, HasSubstr("302 Found, and redirects are not followed"));
  }
  HttpOptions options = http_options(server.port());
  options.redirects = 3;
  HttpDriver driver(std::move(options));
  const auto ended = driver.ask({"/"});
  EXPECT_EQ(ended.error, RequestError::bad_request);
  EXPECT_THAT(ended.why, HasSubstr("one redirect too many"));
}

TEST(HttpClientTest, takes_its_authorization_to_no_other_host) {
  const ScriptedServer other({answering(http_reply("200 OK", R"({"plan":"there"})"))});
  const ScriptedServer server({[&other](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("302 Found", "", "Location: /here\r\n"));
    peer.read_until("\r\n\r\n");
    peer.write(
        http_reply("307 Temporary Redirect", "",
                   "Location: http://other.test:" + std::to_string(other.port()) + "/there\r\n"));
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("200 OK", R"({"plan":"back"})"));
    peer.hang();
  }});
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["other.test"] = ScriptedResolver::at({"127.0.0.1"});
  HttpOptions options = http_options(server.port());
  options.redirects = 2;
  options.headers = {{"X-Api-Key", "k3y"}};
  HttpDriver driver(std::move(options), std::chrono::seconds(30), "Bearer s3cret", resolver);
  EXPECT_THAT(driver.ask({"/"}).rows.at(0).answer, StartsWith(R"({"0":"there")"));
  EXPECT_THAT(server.received(), HasSubstr("GET /here HTTP/1.1\r\n"));
  EXPECT_THAT(other.received(), AllOf(StartsWith("GET /there HTTP/1.1\r\nHost: other.test:"),
                                      Not(HasSubstr("s3cret")), Not(HasSubstr("k3y"))));
  // The next request has them again.
  EXPECT_THAT(driver.ask({"/"}).rows.at(0).answer, StartsWith(R"({"0":"back")"));
  const std::string received = server.received();
  EXPECT_THAT(received.substr(received.rfind("GET ")),
              AllOf(HasSubstr("Bearer s3cret"), HasSubstr("k3y")));
}

TEST(HttpClientTest, makes_a_get_of_a_post_that_was_redirected_and_a_post_of_the_next) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_until("]}");
    peer.write(http_reply("303 See Other", "", "Location: /result\r\n"));
    peer.read_until("\r\n\r\n");
    peer.write(http_reply("200 OK", R"([{"plan":1}])"));
    peer.read_until("]}");
    peer.write(http_reply("200 OK", R"([{"plan":2}])"));
    peer.hang();
  }});
  HttpOptions options = bulk_options(server, "", std::nullopt);
  options.redirects = 1;
  HttpDriver driver(std::move(options));
  EXPECT_EQ(driver.ask({"a"}).rows.at(0).answer, R"({"0":1})");
  EXPECT_THAT(server.received(), HasSubstr("GET /result HTTP/1.1\r\n"));
  EXPECT_EQ(driver.ask({"b"}).rows.at(0).answer, R"({"0":2})");
  const std::string received = server.received();
  EXPECT_THAT(received.substr(received.rfind("POST ")), HasSubstr(R"({"ids":["b"]})"));
}

TEST(HttpClientTest, follows_no_redirect_to_what_is_no_place_of_http) {
  for (const char* const to : {"ftp://127.0.0.1/", "file:///etc/passwd", "http://user@127.0.0.1/",
                               "http:///", "http://a b/", "gopher://x/", "//"}) {
    const ScriptedServer server(
        {answering(http_reply("302 Found", "", "Location: " + std::string(to) + "\r\n"))});
    HttpOptions options = http_options(server.port());
    options.redirects = 5;
    HttpDriver driver(std::move(options));
    const auto ended = driver.ask({"/"});
    EXPECT_EQ(ended.error, RequestError::bad_request) << to;
    EXPECT_THAT(ended.why, HasSubstr("302 Found"));
    EXPECT_EQ(server.connections(), 1u);
  }
}

// As is_private_address() does it for others; here the servers are on loopback.
bool refuses_127_0_0_2(const IpAddress& address) noexcept {
  return address == *parse_ip("127.0.0.2");
}

TEST(HttpClientTest, connects_to_no_address_that_is_refused) {
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["inside.test"] = ScriptedResolver::at({"127.0.0.2"});
  resolver->answers["both.test"] = ScriptedResolver::at({"127.0.0.2", "127.0.0.1"});
  for (const std::string to : {"127.0.0.2", "127.2", "0x7f000002", "2130706434", "inside.test",
                               "[::ffff:127.0.0.2]", "both.test"}) {
    ScriptedServer server({[&](Peer& peer) {
                             peer.read_until("\r\n\r\n");
                             peer.write(http_reply("302 Found", "",
                                                   "Connection: close\r\nLocation: http://" + to +
                                                       ":" + std::to_string(server.port()) +
                                                       "/\r\n"));
                           },
                           answering(http_reply("200 OK", "{}"))});
    HttpOptions options = http_options(server.port());
    options.redirects = 1;
    options.refuses = refuses_127_0_0_2;
    HttpDriver driver(std::move(options), std::chrono::seconds(30), {}, resolver);
    const auto ended = driver.ask({"/"});
    if (to == "both.test") {
      EXPECT_EQ(ended.error, RequestError::none) << "one of its addresses is allowed";
    } else {
      EXPECT_EQ(ended.error, RequestError::bad_request) << to;
      EXPECT_THAT(ended.why, HasSubstr("forbid_private"));
    }
  }
}

TEST(HttpClientTest, asks_a_name_under_another_name_of_its_certificate) {
  const ScriptedServer server({answering(http_reply("200 OK", "{}"))});
  HttpOptions options = http_options(url_of(server, "users.test"));
  options.server_name = "internal.test";
  const auto resolver = std::make_shared<ScriptedResolver>();
  resolver->answers["users.test"] = ScriptedResolver::at({"127.0.0.1"});
  HttpDriver driver(std::move(options), std::chrono::seconds(30), {}, resolver);
  EXPECT_EQ(driver.ask({"/"}).error, RequestError::none);
  EXPECT_THAT(server.received(),
              HasSubstr("\r\nHost: users.test:" + std::to_string(server.port()) + "\r\n"));
}

TEST(HttpClientTest, asks_through_a_proxy) {
  const ScriptedServer proxy({answering(http_reply("200 OK", R"({"plan":1})"))});
  HttpOptions options = http_options("http://users.test");
  options.proxy = *HttpUrl::parse("http://me:pw@127.0.0.1:" + std::to_string(proxy.port()));
  const auto resolver = std::make_shared<ScriptedResolver>();
  HttpDriver driver(std::move(options), std::chrono::seconds(30), {}, resolver);
  EXPECT_EQ(driver.ask({"/users/1"}).error, RequestError::none);
  EXPECT_THAT(proxy.received(), AllOf(StartsWith("GET http://users.test/users/1 HTTP/1.1\r\n"),
                                      HasSubstr("Proxy-Authorization: Basic bWU6cHc=")));
  EXPECT_TRUE(resolver->asked.empty()) << "names are the proxy's to resolve";
}

TEST(HttpClientTest, forgets_its_requests_when_it_goes) {
  ScriptedServer server({[](Peer& peer) { peer.hang(); }});
  const auto resolver = std::make_shared<ScriptedResolver>();
  HttpDriver driver(http_options(server.port()));
  const auto sent = driver.send({"/"});
  server.wait_for_received("\r\n\r\n");
  driver.destroy_client();
  server.wait_for_ended(1);

  HttpDriver waits_for_name(http_options("http://users.test"), std::chrono::seconds(30), {},
                            resolver);
  const auto waiting = waits_for_name.send({"/"});
  waits_for_name.destroy_client();
  EXPECT_TRUE(resolver->open.empty());
}

}  // namespace
}  // namespace logbraid::test
