#include "logbraid/event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logbraid {
namespace {

// Fields with the given keys, with and without their tags.
class Keys {
 public:
  explicit Keys(std::vector<std::string> keys) : keys_(std::move(keys)) {
    // Bytes behind the last tag may be anything.
    tags_.assign(Event::tag_bytes(keys_.size()), 0);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const std::string& key = keys_[i];
      fields_.push_back({key.data(), "1", static_cast<std::uint32_t>(key.size()), 1, Token::number,
                         false, false});
      tags_[i] = key_tag(key);
      mask_ |= key_bit(key);
    }
    for (std::size_t i = keys_.size(); i < tags_.size(); ++i) tags_[i] = key_tag("absent");
  }
  // Where both ways of searching find the key; -1: nowhere, -2: they differ.
  int place_of(std::string_view key) const {
    const PathSegment segment{key, {}, key_bit(key)};
    const Field* const plain = Event(fields_, mask_, {}).find(segment);
    const Field* const tagged = Event(fields_, mask_, {}, tags_.data()).find(segment);
    if (plain != tagged) return -2;
    return plain == nullptr ? -1 : static_cast<int>(plain - fields_.data());
  }

 private:
  std::vector<std::string> keys_;
  std::vector<Field> fields_;
  std::vector<std::uint8_t> tags_;
  std::uint64_t mask_ = 0;
};

TEST(Event, finds_each_key_among_any_number) {
  for (int count = 0; count < 40; ++count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i)
      names.push_back(std::string(static_cast<std::size_t>(i), 'k') + std::to_string(i));
    const Keys keys(names);
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(keys.place_of(names[static_cast<std::size_t>(i)]), i) << count;
    }
    EXPECT_EQ(keys.place_of("absent"), -1) << count;
  }
}

TEST(Event, of_keys_that_stand_there_twice_the_last_is_found) {
  EXPECT_EQ(Keys({"a", "b", "a", "c", "d", "e", "f", "g", "h", "i", "b"}).place_of("a"), 2);
  EXPECT_EQ(Keys({"a", "b", "a", "c", "d", "e", "f", "g", "h", "i", "b"}).place_of("b"), 10);
}

TEST(Event, keys_of_one_tag_are_told_apart_by_each_of_their_bytes) {
  // First, last and size make the tag: these differ in between only.
  for (std::size_t size = 3; size < 24; ++size) {
    for (std::size_t place = 1; place + 1 < size; ++place) {
      std::string other(size, 'x');
      other[place] = 'y';
      const Keys keys({std::string(size, 'x'), other});
      EXPECT_EQ(keys.place_of(std::string(size, 'x')), 0) << size << ' ' << place;
      EXPECT_EQ(keys.place_of(other), 1) << size << ' ' << place;
    }
  }
}

}  // namespace
}  // namespace logbraid
