// Replies as no Redis would send them. What is read does not depend on where the bytes were cut,
// nothing is reserved for what is only announced, and what is too long is not kept. A first byte
// chooses limits and cuts.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "clients/redis_reply_reader.h"
#include "tests/fuzz/demand.h"

namespace {

using namespace logbraid;
using State = RedisReplyReader::State;
using test::expect;

void describe(const RedisReplyReader& reader, const RedisReplyLimits& limits, std::string& to) {
  expect(reader.is_array() || reader.size() == 1);
  expect(!reader.is_array() || reader.announced() <= limits.items);
  expect(reader.size() == reader.announced() ||
         (reader.size() < reader.announced() && limits.passed != 0));
  to += reader.is_array() ? "*(" : "(";
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < reader.size(); ++i) {
    to += std::to_string(static_cast<int>(reader.kind(i)));
    if (reader.kind(i) == RedisReplyReader::Kind::null) continue;
    const std::string_view text = reader.text(i);
    const bool is_string = reader.kind(i) == RedisReplyReader::Kind::string;
    expect(reader.kind(i) != RedisReplyReader::Kind::too_long ||
           (text.empty() && limits.passed != 0));
    expect(text.size() <= (is_string ? limits.value : 4096));
    expect(is_string || text.find_first_of("\r") == std::string_view::npos);
    bytes += is_string ? text.size() : 0;
    to.append(":").append(text).append(",");
  }
  expect(bytes <= limits.reply);
  to += ")" + std::to_string(reader.announced());
}

// All that is read of `bytes`, which come in pieces of at most so many.
std::string read_all(std::string_view bytes, std::size_t piece, const RedisReplyLimits& limits) {
  RedisReplyReader reader;
  std::string read;
  for (;;) {
    State state = State::reply;
    while ((state = reader.next(limits)) == State::reply) describe(reader, limits, read);
    if (state != State::more) {
      expect(!reader.why().empty());
      expect(reader.next(limits) == state);  // final
      return read + (state == State::malformed ? "malformed: " : "oversize: ") +
             std::string(reader.why());
    }
    if (bytes.empty()) return read + (reader.has_more() ? "more" : "");
    const auto room = reader.room();
    expect(!room.empty());
    // The input and what there is before it is known that more is wanted.
    expect(room.size() <= (std::size_t{1} << 20));
    const std::size_t size = std::min({room.size(), bytes.size(), piece});
    std::memcpy(room.data(), bytes.data(), size);
    reader.add(size);
    bytes.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr RedisReplyLimits kLimits[] = {
      {.value = 64, .items = 4, .reply = 150},
      {.value = 1024 * 1024, .items = 256},
      {.value = 16, .items = 256, .reply = 48, .passed = 400},
      {.value = 1, .items = 256, .reply = 1, .passed = 1024 * 1024},
  };
  const RedisReplyLimits& limits = kLimits[data[0] & 3u];
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string whole = read_all(bytes, SIZE_MAX, limits);
  expect(read_all(bytes, 1, limits) == whole);
  expect(read_all(bytes, 2 + data[0] / 2u, limits) == whole);
  return 0;
}
