#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lookup/json_key.h"
#include "lookup/key_template.h"

namespace logbraid {

// How the key of a look-up is made from an event: of one template, or of several where a request
// has several parts (a path and a body, the parameters of a statement), or as a JSON object. Keys
// are equal when all their parts are.
//
// A key of one part is its text. A key of several is each part behind its length (4 bytes, least
// first), so that ("ab", "c") and ("a", "bc") are two keys.
//
// Threads: immutable.
// Cost:    that of its templates.
class KeySpec {
 public:
  // At least one.
  explicit KeySpec(std::vector<KeyTemplate> parts);
  // One part, which is no template.
  explicit KeySpec(JsonKey json) : json_(std::make_shared<const JsonKey>(std::move(json))) {}

  std::size_t size() const { return json_ != nullptr ? 1 : parts_.size(); }
  // Of a key that is made of templates.
  const KeyTemplate& part(std::size_t i) const { return parts_[i]; }
  // What all parts read.
  std::vector<FieldPath> fields() const;

  // As KeyTemplate::render(); the whole key has no more than KeyTemplate::kMaxBytes.
  KeyResult render(const EventView& event, std::string& out, std::string_view& why) const;
  // Part number i of a key that this made; a view of it.
  std::string_view key_part(std::string_view key, std::size_t i) const;

 private:
  std::vector<KeyTemplate> parts_;
  // Instead of parts. No std::variant: g++ 12 takes moves of it for reads of what is not set.
  std::shared_ptr<const JsonKey> json_;
};

// The hash of keys, for the cache and whatever else is found by key. Each one has a seed of its
// own, so that nobody can send keys that collide.
//
// Threads: immutable.
class KeyHash {
 public:
  KeyHash();  // a random seed
  explicit constexpr KeyHash(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t operator()(std::string_view key) const;

 private:
  std::uint64_t seed_;
};

}  // namespace logbraid
