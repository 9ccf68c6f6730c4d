#include "clients/exec_replies.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_text.h"
#include "core/printable.h"
#include "logbraid/path.h"

namespace logbraid {
namespace {

constexpr std::size_t kShown = 80;  // of a line that cannot be read

const Field* find(const Event& event, const FieldPath& name) {
  return event.find(name.view().front());
}

bool are_paths(const Field& field, Arena& arena) {
  if (field.token != Token::array) return false;
  for (ArrayWalk walk(field.raw_text()); walk.next();) {
    const auto path = decode_json(walk.value(), arena).as_string();
    if (!path || parse_path(*path, arena).empty()) return false;
  }
  return true;
}

}  // namespace

void ExecReplies::read(std::string_view lines, const std::function<bool(const ExecReply&)>& take) {
  batch_.reset();
  batch_.reserve(lines.size());
  std::copy(lines.begin(), lines.end(), batch_.buffer());
  batch_.set_size(lines.size());
  batch_.sequence = 1;  // 0 may begin with a byte order mark
  reader_.read(batch_);
  for (const Record& record : batch_.records()) {
    if (!take(reply_of(record))) return;
  }
}

ExecReply ExecReplies::reply_of(const Record& record) {
  static const FieldPath kId("id");
  static const FieldPath kNoMatch("no_match");
  static const FieldPath kError("error");
  static const FieldPath kBadEvent("bad_event");
  Arena& arena = batch_.arena();
  ExecReply reply;
  if (record.malformed()) {
    reply.text = arena.copy(fmt::format("gave a line that is no JSON object ({}): {}",
                                        record.parse_error, printable(record.line, kShown)));
    return reply;
  }
  const Event& event = record.event;
  const Field* const id = find(event, kId);
  const auto number = id == nullptr ? std::nullopt : decode(*id, arena).as_uint64();
  if (!number) {
    reply.text = arena.copy(
        fmt::format("gave an answer without a number as id: {}", printable(record.line, kShown)));
    return reply;
  }
  reply.id = *number;
  if (const Field* const error = find(event, kError)) {
    reply.what = ExecReply::What::error;
    reply.text = error->token == Token::string ? decode(*error, arena).text() : error->raw_text();
    const Field* const blame = find(event, kBadEvent);
    reply.blames_event = blame != nullptr && blame->raw_text() == "true";
  } else if (const Field* const none = find(event, kNoMatch);
             none != nullptr && none->raw_text() == "true") {
    reply.what = ExecReply::What::no_match;
  } else {
    read_fields(event, reply);
  }
  return reply;
}

void ExecReplies::read_fields(const Event& event, ExecReply& reply) {
  static const FieldPath kSet("set");
  static const FieldPath kRemove("remove");
  const Field* const set = find(event, kSet);
  const Field* const remove = find(event, kRemove);
  reply.what = ExecReply::What::error;
  if (remove != nullptr && !are_paths(*remove, batch_.arena())) {
    reply.text = "the answer's \"remove\" is no array of fields: [\"user.password\"]";
  } else if (set != nullptr ? set->token != Token::object : remove == nullptr) {
    reply.text =
        "the answer has no object \"set\", no \"remove\", no \"no_match\": true and no \"error\"";
  } else {
    reply.what = ExecReply::What::set;
    if (set != nullptr) reply.text = set->raw_text();
    if (remove != nullptr) reply.remove = remove->raw_text();
  }
}

}  // namespace logbraid
