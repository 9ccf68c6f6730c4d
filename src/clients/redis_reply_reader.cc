#include "clients/redis_reply_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace logbraid {
namespace {

// Read at once; an answer to a full MGET of short values.
constexpr std::size_t kRoom = 64 * 1024;
// A buffer that has grown over this for one reply is given back behind it.
constexpr std::size_t kKept = 2 * kRoom;
// A status, an error or a number; Redis itself cuts what it quotes in errors to 128 bytes.
constexpr std::size_t kMostLine = 4096;
constexpr std::ptrdiff_t kMostDigits = 20;

constexpr std::string_view kNoLineEnd = "a line without end";
constexpr std::string_view kNoNumber = "a length that is no number";
constexpr std::string_view kTooMuch = "the values of one request are over eight times max_reply";

}  // namespace

std::span<char> RedisReplyReader::room() {
  const std::size_t first = delivered_ ? at_ : begin_;
  const std::size_t held = end_ - first;
  if (capacity_ - end_ >= kRoom && (held != 0 || capacity_ <= kKept)) {
    return {buffer_.get() + end_, capacity_ - end_};
  }
  const std::size_t wanted = held + kRoom <= kKept ? kKept : std::max(2 * held, held + kRoom);
  if (capacity_ < held + kRoom || (held == 0 && capacity_ > kKept)) {
    std::unique_ptr<char[]> larger(new char[wanted]);  // not set to zero
    if (held != 0) std::memcpy(larger.get(), buffer_.get() + first, held);
    buffer_ = std::move(larger);
    capacity_ = wanted;
  } else if (held != 0) {
    std::memmove(buffer_.get(), buffer_.get() + first, held);
  }
  at_ -= first;
  end_ -= first;
  begin_ = 0;
  if (delivered_) begin_anew();
  return {buffer_.get() + end_, capacity_ - end_};
}

RedisReplyReader::State RedisReplyReader::next(const RedisReplyLimits& limits) {
  if (failed_ != State::reply) return failed_;
  if (delivered_) begin_anew();
  while (left_ != 0) {
    const State state = step(limits);
    if (state != State::reply) return state;
    if (at_ - begin_ > limits.reply) return fail(State::oversize, kTooMuch);
  }
  delivered_ = true;
  return State::reply;
}

void RedisReplyReader::begin_anew() {
  delivered_ = false;
  items_.clear();
  is_array_ = false;
  left_ = 1;
  begin_ = at_;
}

RedisReplyReader::State RedisReplyReader::step(const RedisReplyLimits& limits) {
  if (at_ == end_) return State::more;
  switch (buffer_[at_]) {
    case '$':
      return string(limits);
    case '*':
      return array(limits);
    case ':':
      return line(Kind::integer);
    case '+':
      return line(Kind::status);
    case '-':
      return line(Kind::error);
    default:
      return fail(State::malformed, "bytes that are no reply (RESP2)");
  }
}

// The number behind the type's byte and its line end; `behind`: what follows them.
RedisReplyReader::State RedisReplyReader::number(std::size_t& behind, std::int64_t& number) {
  const char* const begin = buffer_.get() + at_ + 1;
  const char* const bytes_end = buffer_.get() + end_;
  const char* const end = begin + std::min<std::ptrdiff_t>(bytes_end - begin, kMostDigits);
  const auto [stop, error] = std::from_chars(begin, end, number);
  const bool sign_alone = error != std::errc() && stop + 1 == end && *stop == '-';
  if (stop == end || sign_alone) {
    const bool too_long = end == begin + kMostDigits;
    return too_long ? fail(State::malformed, kNoNumber) : State::more;
  }
  if (error != std::errc() || *stop != '\r') return fail(State::malformed, kNoNumber);
  if (stop + 1 == bytes_end) return State::more;
  if (stop[1] != '\n') return fail(State::malformed, kNoNumber);
  behind = static_cast<std::size_t>(stop + 2 - buffer_.get());
  return State::reply;
}

RedisReplyReader::State RedisReplyReader::string(const RedisReplyLimits& limits) {
  std::size_t first = 0;
  std::int64_t length = 0;
  const State state = number(first, length);
  if (state != State::reply) return state;
  if (length == -1) {
    items_.push_back({Kind::null, 0, 0});
    at_ = first;
    --left_;
    return State::reply;
  }
  if (length < 0) return fail(State::malformed, "a string of a length below 0");
  const auto size = static_cast<std::size_t>(length);
  if (size > limits.value) return fail(State::oversize, "a value is over max_reply");
  if (first - begin_ + size > limits.reply) {
    return fail(State::oversize, kTooMuch);
  }
  if (end_ - first < size + 2) return State::more;
  const char* const behind = buffer_.get() + first + size;
  if (behind[0] != '\r' || behind[1] != '\n') {
    return fail(State::malformed, "a string longer than its length");
  }
  items_.push_back(
      {Kind::string, static_cast<std::uint32_t>(first - begin_), static_cast<std::uint32_t>(size)});
  at_ = first + size + 2;
  --left_;
  return State::reply;
}

RedisReplyReader::State RedisReplyReader::array(const RedisReplyLimits& limits) {
  if (is_array_) return fail(State::malformed, "an array within an array");
  std::size_t behind = 0;
  std::int64_t count = 0;
  const State state = number(behind, count);
  if (state != State::reply) return state;
  if (count == -1) {
    items_.push_back({Kind::null, 0, 0});
    at_ = behind;
    left_ = 0;
    return State::reply;
  }
  if (count < 0) return fail(State::malformed, "an array of a length below 0");
  if (static_cast<std::uint64_t>(count) > limits.items) {
    return fail(State::malformed, "an array of more items than were asked for");
  }
  at_ = behind;
  is_array_ = true;
  left_ = static_cast<std::size_t>(count);
  return State::reply;
}

RedisReplyReader::State RedisReplyReader::line(Kind kind) {
  const char* const begin = buffer_.get() + at_ + 1;
  const std::size_t there = std::min(end_ - at_ - 1, kMostLine);
  const auto* const stop = static_cast<const char*>(std::memchr(begin, '\r', there));
  if (stop == nullptr) {
    return there == kMostLine ? fail(State::malformed, kNoLineEnd) : State::more;
  }
  if (stop + 1 == buffer_.get() + end_) return State::more;
  if (stop[1] != '\n') return fail(State::malformed, kNoLineEnd);
  items_.push_back({kind, static_cast<std::uint32_t>(at_ + 1 - begin_),
                    static_cast<std::uint32_t>(stop - begin)});
  at_ = static_cast<std::size_t>(stop + 2 - buffer_.get());
  --left_;
  return State::reply;
}

}  // namespace logbraid
