#include "clients/json_fields.h"

#include <cstdint>
#include <utility>

#include "core/json_text.h"

namespace logbraid {

Result<JsonFields> JsonFields::parse(const Setting& fields) {
  JsonFields parsed;
  for (const auto& [name, setting] : fields.members()) {
    auto path = FieldPath::parse(name);
    if (!path) return setting.error(path.error().message);
    const auto text = setting.as_string();
    if (!text) return text.error();
    auto pointer = JsonPointer::parse(*text);
    if (!pointer) return setting.error(pointer.error().message);
    parsed.paths_.push_back(*std::move(path));
    parsed.pointers_.push_back(*std::move(pointer));
  }
  if (parsed.paths_.empty()) {
    return fields.error("names no field; write {user.org: /org/name}");
  }
  if (parsed.paths_.size() > UINT16_MAX) return fields.error("names more than 65,535 fields");
  return parsed;
}

void JsonFields::read(std::string_view json, Request& request, Arena& arena) const {
  for (std::size_t i = 0; i < pointers_.size(); ++i) {
    if (const auto found = pointers_[i].find(json)) {
      request.value(static_cast<std::uint16_t>(i), decode_json(*found, arena));
    }
  }
}

}  // namespace logbraid
