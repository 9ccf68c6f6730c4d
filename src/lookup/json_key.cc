#include "lookup/json_key.h"

#include <utility>

#include "core/json_text.h"

namespace logbraid {
namespace {

// Puts the object together: fields that lie below one key stand in one object, where the first of
// them does.
class ObjectBuilder {
 public:
  void write(std::vector<FieldPath> fields, std::uint32_t depth) {
    text_ += '{';
    const char* separator = "";
    while (!fields.empty()) {
      const PathSegment key = fields.front().view()[depth];
      std::vector<FieldPath> same;
      std::vector<FieldPath> others;
      for (FieldPath& field : fields) {
        (field.view()[depth].key == key.key ? same : others).push_back(std::move(field));
      }
      (text_ += separator) += key.quoted;
      separator = ",";
      if (same.front().view().size() == depth + 1) {
        literals.push_back(std::exchange(text_, {}));
        ordered.push_back(same.front());
      } else {
        write(std::move(same), depth + 1);
      }
      fields = std::move(others);
    }
    text_ += '}';
  }
  void end() { literals.push_back(std::move(text_)); }

  std::vector<std::string> literals;
  std::vector<FieldPath> ordered;

 private:
  std::string text_;
};

}  // namespace

Result<JsonKey> JsonKey::of(std::span<const FieldPath> fields) {
  if (fields.empty()) return Error("names no field; write [client_ip, user.id]");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!overlap(fields[i], fields[j])) continue;
      return Error("names " + fields[j].to_string() + " and " + fields[i].to_string() +
                   ", which are one or lie in each other; name one of them");
    }
  }
  ObjectBuilder builder;
  builder.write({fields.begin(), fields.end()}, 0);
  builder.end();
  JsonKey key;
  key.fields_ = std::move(builder.ordered);
  key.literals_ = std::move(builder.literals);
  return key;
}

KeyResult JsonKey::render(const EventView& event, std::string& out, std::string_view& why) const {
  const std::size_t start = out.size();
  const auto refuse = [&](KeyResult result, std::string_view reason) {
    out.resize(start);
    why = reason;
    return result;
  };
  if (fields_.empty()) {
    event.append_json(out);
    return out.size() - start <= kMostOfEvent
               ? KeyResult::made
               : refuse(KeyResult::refused, "the event is over 1 MiB");
  }
  bool any = false;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    out += literals_[i];
    const Value value = event.get(fields_[i]);
    any |= !value.absent() && !value.is_null();
    append_json(out, value.absent() ? Value(nullptr) : value);
    if (out.size() - start > KeyTemplate::kMaxBytes) {
      return refuse(KeyResult::refused, KeyTemplate::kTooLong);
    }
  }
  out += literals_.back();
  if (!any) return refuse(KeyResult::missing, {});
  return out.size() - start <= KeyTemplate::kMaxBytes
             ? KeyResult::made
             : refuse(KeyResult::refused, KeyTemplate::kTooLong);
}

}  // namespace logbraid
