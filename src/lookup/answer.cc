#include "lookup/answer.h"

#include <cstring>

#include "core/json_text.h"

namespace logbraid {
namespace {

struct Header {
  std::uint16_t field;
  ValueKind kind;
  bool spelled;
  std::uint32_t size;
};
static_assert(sizeof(Header) == 8);

template <class T>
void append(std::string& to, const T& value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  to.append(bytes, sizeof(T));
}

template <class T>
T read(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// `from` is where the bytes were, `at` where they are now. Numbers are read there: a load from what
// was just copied would wait for the copy.
Value decode(const Header& header, const char* from, const char* at) {
  const std::string_view text(at, header.size);
  switch (header.kind) {
    case ValueKind::null:
      return nullptr;
    case ValueKind::boolean:
      return *from != 0;
    case ValueKind::int64:
      return read<std::int64_t>(from);
    case ValueKind::uint64:
      return read<std::uint64_t>(from);
    case ValueKind::real:
      return header.spelled ? Value::number(text) : Value(read<double>(from));
    case ValueKind::string:
      return text;
    case ValueKind::object:
      return Value::object(text);
    case ValueKind::array:
      return Value::array(text);
    case ValueKind::absent:
      break;
  }
  return {};
}

void set_members(std::string_view object, Patch& patch) {
  Arena& arena = patch.arena();
  for (ObjectWalk walk(object); walk.next();) {
    const PathView key = child_path({}, unescape_json(walk.raw_key(), arena), arena);
    patch.set_view(key, decode_json(walk.value(), arena));
  }
}

void remove_paths(std::string_view array, Patch& patch) {
  Arena& arena = patch.arena();
  for (ArrayWalk walk(array); walk.next();) {
    if (const auto path = decode_json(walk.value(), arena).as_string()) {
      patch.remove(parse_path(*path, arena));
    }
  }
}

}  // namespace

void append_answer(std::string& answer, std::uint16_t field, const Value& value) {
  if (value.absent()) return;
  const auto begin = [&](std::size_t size) {
    append(answer, Header{field, value.kind(), value.as_json().has_value(),
                          static_cast<std::uint32_t>(size)});
  };
  if (value.is_string() || value.as_json()) {
    begin(value.text().size());
    answer += value.text();
  } else if (const auto boolean = value.as_bool()) {
    begin(1);
    answer += static_cast<char>(*boolean);
  } else if (const auto integer = value.as_int64()) {
    begin(sizeof *integer);
    append(answer, *integer);
  } else if (const auto natural = value.as_uint64()) {
    begin(sizeof *natural);
    append(answer, *natural);
  } else if (const auto real = value.as_double()) {
    begin(sizeof *real);
    append(answer, *real);
  } else {
    begin(0);
  }
}

void apply_answer(std::string_view answer, std::span<const FieldPath> fields, Patch& patch) {
  const char* const kept = patch.arena().copy(answer).data();
  for (std::size_t done = 0; done < answer.size();) {
    const auto header = read<Header>(answer.data() + done);
    done += sizeof header;
    const FieldPath& field = fields[header.field];
    if (field.empty()) {
      const std::string_view json(kept + done, header.size);
      header.kind == ValueKind::array ? remove_paths(json, patch) : set_members(json, patch);
    } else {
      patch.set_view(field, decode(header, answer.data() + done, kept + done));
    }
    done += header.size;
  }
}

}  // namespace logbraid
