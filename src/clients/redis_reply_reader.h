#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace logbraid {

// How large a reply may be. Nothing is reserved for what a server only announces.
struct RedisReplyLimits {
  std::size_t value = 1024 * 1024;      // bytes of one string
  std::size_t items = 0;                // of an array
  std::size_t reply = 8 * 1024 * 1024;  // bytes in all
  std::size_t passed = 0;               // bytes over these that are read past and not kept
};

// Reads replies of Redis (RESP2) from bytes as they come, without a copy: the buffer that the
// socket reads into, and where in it the strings are. An array within an array is malformed, since
// no command of ours is answered so; hence there is no depth.
//
// What is over the limits is read past up to a further one, so that the replies behind it can be
// read: a string that is too long is an item without text, and where an array is too long in all
// only its first items are there.
//
//   for (;;) {
//     while (reader.next(limits) == State::reply) use(reader);
//     reader.add(read(reader.room()));
//   }
//
// Threads:  one.
// Lifetime: what is read of a reply is valid until next() or room().
// Errors:   malformed and oversize are final: the stream cannot be understood any more.
// Cost:     time in proportion to the bytes, however they are cut; no allocation once it has grown.
class RedisReplyReader {
 public:
  enum class State : std::uint8_t { more, reply, malformed, oversize };
  enum class Kind : std::uint8_t { status, error, integer, string, null, too_long };

  // Where the next bytes go; never empty.
  std::span<char> room();
  void add(std::size_t bytes) { end_ += bytes; }
  // Begins with the byte behind the last reply.
  State next(const RedisReplyLimits& limits);
  // Whether bytes have come behind the last reply.
  bool has_more() const { return end_ != (delivered_ ? at_ : begin_); }

  // The reply: an array, or one item that is none.
  bool is_array() const { return is_array_; }
  std::size_t size() const { return items_.size(); }
  // Items that the array has; size() is less where it is too long.
  std::size_t announced() const { return announced_; }
  Kind kind(std::size_t item = 0) const { return items_[item].kind; }
  // Of all but null and too_long, of which it is empty.
  std::string_view text(std::size_t item = 0) const {
    return {buffer_.get() + begin_ + items_[item].offset, items_[item].size};
  }
  // What is wrong, where next() says so.
  std::string_view why() const { return why_; }

 private:
  struct Item {
    Kind kind;
    std::uint32_t offset;  // from the start of the reply
    std::uint32_t size;
  };
  void begin_anew();
  // A step is an item, or the head of an array.
  State step(const RedisReplyLimits& limits);
  State string(const RedisReplyLimits& limits);
  State array(const RedisReplyLimits& limits);
  State line(Kind kind, const RedisReplyLimits& limits);
  State item(Kind kind, std::size_t first, std::size_t size, std::size_t behind,
             const RedisReplyLimits& limits);
  State pass(std::size_t first, std::size_t size, const RedisReplyLimits& limits);
  State go_on_passing();
  bool may_pass(std::size_t bytes, const RedisReplyLimits& limits);
  void begin_to_cut();
  void throw_away();
  State number(std::size_t& behind, std::int64_t& number);
  State fail(State how, std::string_view why) {
    why_ = why;
    return failed_ = how;
  }

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of the reply
  std::size_t at_ = 0;     // as far as it was read
  std::size_t end_ = 0;    // of the bytes
  std::size_t left_ = 1;   // items still to come
  std::vector<Item> items_;
  std::size_t announced_ = 1;
  bool is_array_ = false;
  bool delivered_ = false;
  State failed_ = State::reply;  // or malformed or oversize, and that for good
  // Of this reply: what is read past.
  std::size_t passed_ = 0;   // bytes so far
  std::size_t passing_ = 0;  // bytes still to come of a string, with its line end
  bool is_cut_ = false;      // no further item is kept
  std::size_t kept_ = 0;     // bytes from the start of the reply that are, then
  std::string_view why_;
};

}  // namespace logbraid
