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
constexpr std::string_view kLongerThanLength = "a string longer than its length";
constexpr std::string_view kTooLong = "a value is over max_reply";
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
    if (state == State::more) throw_away();
    if (state != State::reply) return state;
  }
  delivered_ = true;
  return State::reply;
}

void RedisReplyReader::begin_anew() {
  delivered_ = false;
  items_.clear();
  announced_ = 1;
  is_array_ = false;
  left_ = 1;
  begin_ = at_;
  passed_ = 0;
  is_cut_ = false;
}

RedisReplyReader::State RedisReplyReader::step(const RedisReplyLimits& limits) {
  if (passing_ != 0) return go_on_passing();
  if (at_ == end_) return State::more;
  switch (buffer_[at_]) {
    case '$':
      return string(limits);
    case '*':
      return array(limits);
    case ':':
      return line(Kind::integer, limits);
    case '+':
      return line(Kind::status, limits);
    case '-':
      return line(Kind::error, limits);
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
  if (length == -1) return item(Kind::null, begin_, 0, first, limits);
  if (length < 0) return fail(State::malformed, "a string of a length below 0");
  const auto size = static_cast<std::size_t>(length);
  if (is_cut_ || size > limits.value || first - begin_ + size + 2 > limits.reply) {
    return pass(first, size, limits);
  }
  if (end_ - first < size + 2) return State::more;
  const char* const behind = buffer_.get() + first + size;
  if (behind[0] != '\r' || behind[1] != '\n') return fail(State::malformed, kLongerThanLength);
  return item(Kind::string, first, size, first + size + 2, limits);
}

RedisReplyReader::State RedisReplyReader::array(const RedisReplyLimits& limits) {
  if (is_array_) return fail(State::malformed, "an array within an array");
  std::size_t behind = 0;
  std::int64_t count = 0;
  const State state = number(behind, count);
  if (state != State::reply) return state;
  if (count == -1) {
    return item(Kind::null, begin_, 0, behind, limits);
  }
  if (count < 0) return fail(State::malformed, "an array of a length below 0");
  if (static_cast<std::uint64_t>(count) > limits.items) {
    return fail(State::malformed, "an array of more items than were asked for");
  }
  at_ = behind;
  is_array_ = true;
  left_ = announced_ = static_cast<std::size_t>(count);
  return State::reply;
}

RedisReplyReader::State RedisReplyReader::line(Kind kind, const RedisReplyLimits& limits) {
  const char* const begin = buffer_.get() + at_ + 1;
  const std::size_t there = std::min(end_ - at_ - 1, kMostLine);
  const auto* const stop = static_cast<const char*>(std::memchr(begin, '\r', there));
  if (stop == nullptr) {
    return there == kMostLine ? fail(State::malformed, kNoLineEnd) : State::more;
  }
  if (stop + 1 == buffer_.get() + end_) return State::more;
  if (stop[1] != '\n') return fail(State::malformed, kNoLineEnd);
  return item(kind, at_ + 1, static_cast<std::size_t>(stop - begin),
              static_cast<std::size_t>(stop + 2 - buffer_.get()), limits);
}

// One that is there as a whole.
RedisReplyReader::State RedisReplyReader::item(Kind kind, std::size_t first, std::size_t size,
                                               std::size_t behind, const RedisReplyLimits& limits) {
  if (behind - begin_ > limits.reply) {
    if (!is_array_) return fail(State::oversize, kTooMuch);
    begin_to_cut();
  }
  if (is_cut_) {
    if (!may_pass(behind - at_, limits)) return fail(State::oversize, kTooMuch);
  } else {
    items_.push_back(
        {kind, static_cast<std::uint32_t>(first - begin_), static_cast<std::uint32_t>(size)});
  }
  at_ = behind;
  --left_;
  return State::reply;
}

// --- what is read past

// A string that is too long, or makes its array so.
RedisReplyReader::State RedisReplyReader::pass(std::size_t first, std::size_t size,
                                               const RedisReplyLimits& limits) {
  const bool is_too_long = size > limits.value;
  const std::size_t bytes = first - at_ + size + 2;
  if (!may_pass(bytes, limits)) return fail(State::oversize, is_too_long ? kTooLong : kTooMuch);
  if (is_array_ && !is_too_long) begin_to_cut();
  if (!is_cut_) items_.push_back({Kind::too_long, 0, 0});
  at_ = first;
  passing_ = size + 2;
  return go_on_passing();
}

RedisReplyReader::State RedisReplyReader::go_on_passing() {
  const std::size_t there = std::min(passing_ - 2, end_ - at_);
  passing_ -= there;
  if (is_cut_) {
    at_ += there;  // with others like it: throw_away()
  } else if (there != 0) {
    std::memmove(buffer_.get() + at_, buffer_.get() + at_ + there, end_ - at_ - there);
    end_ -= there;
  }
  if (passing_ > 2 || end_ - at_ < 2) return State::more;
  if (buffer_[at_] != '\r' || buffer_[at_ + 1] != '\n') {
    return fail(State::malformed, kLongerThanLength);
  }
  at_ += 2;
  passing_ = 0;
  --left_;
  return State::reply;
}

bool RedisReplyReader::may_pass(std::size_t bytes, const RedisReplyLimits& limits) {
  if (bytes > limits.passed - passed_) return false;
  passed_ += bytes;
  return true;
}

void RedisReplyReader::begin_to_cut() {
  if (is_cut_) return;
  is_cut_ = true;
  kept_ = at_ - begin_;
}

// Before more comes.
void RedisReplyReader::throw_away() {
  const std::size_t kept_end = begin_ + kept_;
  if (!is_cut_ || at_ == kept_end) return;
  std::memmove(buffer_.get() + kept_end, buffer_.get() + at_, end_ - at_);
  end_ -= at_ - kept_end;
  at_ = kept_end;
}

}  // namespace logbraid
