#include "lookup/lookup_key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>
#include <utility>

#include "core/assert.h"

namespace logbraid {
namespace {

constexpr std::size_t kLengthBytes = 4;

void write_length(char* to, std::size_t length) {
  for (std::size_t i = 0; i < kLengthBytes; ++i) to[i] = static_cast<char>(length >> (8 * i));
}

std::size_t read_length(const char* from) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::size_t{static_cast<unsigned char>(from[i])} << (8 * i);
  }
  return length;
}

std::uint64_t random_seed() {
  std::random_device source;
  return (std::uint64_t{source()} << 32) | source();
}

}  // namespace

KeySpec::KeySpec(std::vector<KeyTemplate> parts) : parts_(std::move(parts)) {
  LOGBRAID_ASSERT(!parts_.empty(), "a key has at least one part");
}

std::vector<FieldPath> KeySpec::fields() const {
  std::vector<FieldPath> all;
  if (json_ != nullptr) {
    all.assign(json_->fields().begin(), json_->fields().end());
    return all;
  }
  for (const KeyTemplate& part : parts_) {
    all.insert(all.end(), part.fields().begin(), part.fields().end());
  }
  return all;
}

KeyResult KeySpec::render(const EventView& event, std::string& out, std::string_view& why) const {
  if (parts_.size() == 1) return parts_.front().render(event, out, why);
  if (json_ != nullptr) return json_->render(event, out, why);
  const std::size_t start = out.size();
  KeyResult result = KeyResult::made;
  for (const KeyTemplate& part : parts_) {
    const std::size_t length_at = out.size();
    out.append(kLengthBytes, '\0');
    result = part.render(event, out, why);
    if (result != KeyResult::made) break;
    write_length(out.data() + length_at, out.size() - length_at - kLengthBytes);
  }
  if (result == KeyResult::made && out.size() - start > KeyTemplate::kMaxBytes) {
    why = KeyTemplate::kTooLong;
    result = KeyResult::refused;
  }
  if (result != KeyResult::made) out.resize(start);
  return result;
}

std::string_view KeySpec::key_part(std::string_view key, std::size_t i) const {
  LOGBRAID_ASSERT(i < size(), "a key has the parts of its templates");
  if (size() == 1) return key;
  for (;; --i) {
    LOGBRAID_ASSERT(key.size() >= kLengthBytes, "a key is taken apart by what made it");
    const std::size_t length = read_length(key.data());
    key.remove_prefix(kLengthBytes);
    LOGBRAID_ASSERT(length <= key.size(), "a key is taken apart by what made it");
    if (i == 0) return key.substr(0, length);
    key.remove_prefix(length);
  }
}

KeyHash::KeyHash() : KeyHash(random_seed()) {}

std::uint64_t KeyHash::operator()(std::string_view key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed_);
}

}  // namespace logbraid
