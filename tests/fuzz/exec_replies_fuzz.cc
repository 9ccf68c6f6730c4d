// Lines as no well-behaved child would write them. What a line says does not depend on those beside
// it, and what it sets is an object that can be read.
#include <cstdint>
#include <string>
#include <string_view>

#include "clients/exec_replies.h"
#include "core/json_text.h"
#include "format/lines.h"
#include "format/structural_index.h"
#include "tests/fuzz/demand.h"

namespace {

using namespace logbraid;
using test::expect;

std::string describe(const ExecReply& reply) {
  return std::to_string(static_cast<int>(reply.what)) + ' ' + std::to_string(reply.id) + ' ' +
         std::string(reply.text) + '\n';
}

void check(const ExecReply& reply) {
  expect(is_utf8(reply.text));
  switch (reply.what) {
    case ExecReply::What::set: {
      expect(reply.text.starts_with('{') && reply.text.ends_with('}'));
      ObjectWalk walk(reply.text);
      while (walk.next()) expect(!walk.value().empty());
      break;
    }
    case ExecReply::What::no_match:
      expect(reply.text.empty());
      break;
    case ExecReply::What::error:
      break;
    case ExecReply::What::unreadable:
      expect(!reply.text.empty() && reply.id == 0);
      // It is shown to people.
      for (const char c : reply.text) expect(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static ExecReplies together;
  static ExecReplies alone;
  std::string all;
  std::size_t replies = 0;
  together.read(text, [&](const ExecReply& reply) {
    check(reply);
    all += describe(reply);
    ++replies;
    return true;
  });

  std::string one_by_one;
  Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    // With a line end: the line itself may end in '\r'.
    alone.read(std::string(line) + "\r\n", [&](const ExecReply& reply) {
      one_by_one += describe(reply);
      return true;
    });
  }
  expect(all == one_by_one);

  // Whoever takes may have enough after the first.
  std::size_t taken = 0;
  together.read(text, [&](const ExecReply&) {
    ++taken;
    return false;
  });
  expect(taken == (replies == 0 ? 0u : 1u));
  return 0;
}
