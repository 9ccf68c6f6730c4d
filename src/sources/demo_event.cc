#include "sources/demo_event.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <span>
#include <string_view>

namespace logbraid {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): any state will do as a start, so each event has its own
// and needs none of those before it. The standard's distributions differ between libraries.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t index) : state_(seed) {
    state_ = next() ^ (index * 0x9e3779b97f4a7c15);
  }

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // 0 to limit - 1; the upper half of a product instead of a remainder: no division.
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
  }
  std::uint32_t between(std::uint32_t least, std::uint32_t most) {
    return least + below(most - least + 1);
  }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  // Small numbers more often than large ones, as with users and pages.
  std::uint32_t skewed_below(std::uint32_t limit) { return below(below(limit) + 1); }

 private:
  std::uint64_t state_;
};

struct Weighted {
  std::uint32_t weight;  // percent
  std::string_view text;
};

std::string_view pick(Dice& dice, std::span<const Weighted> choices) {
  std::uint32_t roll = dice.below(100);
  for (const Weighted& choice : choices) {
    if (roll < choice.weight) return choice.text;
    roll -= choice.weight;
  }
  return choices.back().text;
}

// The first octets of clients; the rest is drawn. Documentation ranges (RFC 5737), private ones,
// and one outside of both.
constexpr std::array<Weighted, 6> kNetworks = {{{24, "192.0.2."},
                                                {24, "198.51.100."},
                                                {20, "203.0.113."},
                                                {14, "10.20.30."},
                                                {8, "10.40.7."},
                                                {10, "81.2.69."}}};
constexpr std::array<Weighted, 4> kVisitors = {{
    {46,
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/133.0.0.0 Safari/537.36"},
    {26,
     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/17.6 Mobile/15E148 Safari/604.1"},
    {16, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
    {12, "ShopApp/5.3.1 (Android 14; Pixel 8) okhttp/4.12.0"},
}};
constexpr std::array<Weighted, 3> kRobots = {{
    {60, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {25, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"},
    {15, "curl/8.5.0"},
}};
constexpr std::array<Weighted, 8> kItems = {{{20, "lamp"},
                                             {18, "chair"},
                                             {14, "kettle"},
                                             {14, "desk"},
                                             {12, "backpack"},
                                             {10, "mug"},
                                             {7, "tent"},
                                             {5, "rug"}}};
constexpr std::array<Weighted, 4> kScanned = {
    {{40, "/wp-login.php"}, {25, "/.env"}, {20, "/.git/config"}, {15, "/phpmyadmin/index.php"}}};

struct Request {
  std::string_view method = "GET";
  std::string path;
  bool scan = false;
};

Request make_request(Dice& dice) {
  const std::uint32_t uid = 1000 + dice.skewed_below(9000);
  const std::string_view item = pick(dice, kItems);
  const std::uint32_t kind = dice.below(100);
  if (kind < 40) return {.path = fmt::format("/products/{}?uid={}&ref=list", item, uid)};
  if (kind < 58)
    return {.path =
                fmt::format("/search?q={}&page={}&uid={}", item, 1 + dice.skewed_below(9), uid)};
  if (kind < 72) return {.path = fmt::format("/api/v1/stock/{}?uid={}", item, uid)};
  if (kind < 84) {
    return {.method = "POST", .path = fmt::format("/api/v1/cart?uid={}&item={}", uid, item)};
  }
  if (kind < 90) return {.method = "POST", .path = fmt::format("/checkout?uid={}", uid)};
  if (kind < 97) return {.path = fmt::format("/assets/{}.jpg?w=640&uid={}", item, uid)};
  return {.path = fmt::format("{}?uid=0", pick(dice, kScanned)), .scan = true};
}

int pick_status(Dice& dice, const Request& request) {
  if (request.scan) return dice.chance(80) ? 404 : 403;
  const std::uint32_t roll = dice.below(1000);
  if (roll < 12) return 500;
  if (roll < 20) return 503;
  if (roll < 55) return 404;
  if (roll < 70) return 401;
  if (roll < 110) return 304;
  return request.method == "POST" ? 201 : 200;
}

std::string_view level_of(int status) {
  if (status >= 500) return "ERROR";
  return status >= 400 ? "WARNING" : "INFO";
}

// 10 ms apart, from the start of a day.
void append_timestamp(std::string& out, std::uint64_t index) {
  using namespace std::chrono;
  constexpr sys_days kStart = 2026y / March / 10;
  constexpr std::uint64_t kMost = 300ULL * 365 * 24 * 3600 * 100;  // then it begins anew
  const sys_time<milliseconds> time = kStart + milliseconds((index % kMost) * 10);
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

void append_demo_event(std::string& out, std::uint64_t seed, std::uint64_t index) {
  Dice dice(seed, index);
  const Request request = make_request(dice);
  const int status = pick_status(dice, request);
  const std::string_view network = pick(dice, kNetworks);
  const std::uint32_t host = dice.between(2, 254);
  const std::uint32_t bytes = status == 304 ? 0 : 120 + dice.skewed_below(60000);
  const std::uint32_t latency = 300 + dice.skewed_below(status >= 500 ? 2000000 : 90000);  // us
  const bool robot = request.scan || (request.method == "GET" && dice.chance(12));
  const std::string_view agent = robot ? pick(dice, kRobots) : pick(dice, kVisitors);

  // One by one: the order in which arguments are evaluated is the compiler's.
  const std::uint64_t trace_high = dice.next();
  const std::uint64_t trace_low = dice.next();
  const std::uint64_t span = dice.next();

  out += R"({"timestamp":")";
  append_timestamp(out, index);
  fmt::format_to(std::back_inserter(out),
                 R"(","level":"{}","method":"{}","path":"{}","status":{},"bytes":{},)"
                 R"("client_ip":"{}{}","user_agent":"{}","latency_ms":{}.{:03},)"
                 R"("trace_id":"{:016x}{:016x}","span_id":"{:016x}"}})"
                 "\n",
                 level_of(status), request.method, request.path, status, bytes, network, host,
                 agent, latency / 1000, latency % 1000, trace_high, trace_low, span);
}

}  // namespace logbraid
