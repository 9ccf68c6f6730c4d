#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "logbraid/arena.h"
#include "logbraid/event.h"
#include "logbraid/patch.h"

namespace logbraid {

// A value as it stands in the input: JSON text with its quotes, or raw text.
struct RawValue {
  Token token = Token::null;
  std::string_view text;  // empty: there is no such value
  bool present() const { return text.data() != nullptr; }
  bool is_object() const { return token == Token::object; }

  static RawValue of(const Field& field);
  static RawValue of_json(std::string_view json);
};
void append_raw(std::string& out, const RawValue& value);

// The sum of patches: a tree of the keys they touch. Applied to what stands in the input it gives
// the field as it is written; reading through patches uses the same tree, so both agree.
//
//   set:    replaces scalars and arrays, merges objects member by member; a scalar on the way to
//           the path is replaced by an object (a conflict, counted)
//   remove: the field goes, every duplicate of it; below what is no object nothing happens
//
// A field that one op removed and a later one sets again keeps its place.
//
// Threads:  one at a time.
// Lifetime: nodes live in the arena given to begin().
class Overlay {
 public:
  struct Node {
    enum class State : std::uint8_t {
      edited,  // only removals below: what is no object stays as it is
      object,  // something was set below: becomes an object
      value,   // set
      removed,
    };
    PathSegment key;
    Value value;
    std::uint64_t child_bits = 0;  // key_bit() of each child: most keys are new, and need no search
    Node* next = nullptr;
    Node* first_child = nullptr;
    Node* last_child = nullptr;
    State state = State::edited;
    bool hides_base = false;  // what stands in the input does not count any more
  };

  // Empties the tree; nodes come from `arena` from now on.
  void begin(Arena& arena) {
    arena_ = &arena;
    root_ = Node();
  }
  void apply(const PatchOp& op);

  const Node* first() const { return root_.first_child; }
  bool empty() const { return root_.first_child == nullptr; }
  // Scalars replaced because something was set below them, by patches (since construction).
  std::uint64_t conflicts() const { return conflicts_; }

  // Whether the node leaves a value where `base` stood.
  static bool remains(const Node& node, const RawValue& base);
  // Appends the node applied to `base`; only where remains().
  void append(std::string& out, Node& node, const RawValue& base);
  // The child for a key, or null; splits up an object that was set whole.
  Node* child(Node& node, std::string_view key);
  Node& root() { return root_; }

 private:
  Node& child_or_new(Node& node, const PathSegment& key);
  static Node* find(const Node& node, std::string_view key, std::uint64_t bit);
  void set(Node& node, const Value& value);
  void explode(Node& node);
  void append_new(std::string& out, Node& node);
  void append_merged(std::string& out, Node& node, std::string_view base_object);
  void forget_children(Node& node);

  Arena* arena_ = nullptr;
  Node root_;
  std::uint64_t conflicts_ = 0;
};

// The value of the last member of that name in a valid JSON object; not present where there is
// none.
RawValue find_member(std::string_view object, std::string_view key);

}  // namespace logbraid
