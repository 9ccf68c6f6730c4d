#include "logbraid/event_view.h"

#include <bit>

#include "core/json_text.h"
#include "core/overlay.h"

namespace logbraid {
namespace {

// What was read from something else than JSON, as an object.
std::string object_of(const Event& event) {
  std::string json = "{";
  for (const Field& field : event.fields()) {
    if (json.size() > 1) json += ',';
    append_json_string(json, field.key_text());
    json += ':';
    append_raw(json, RawValue::of(field));
  }
  return json += '}';
}

// Calls `visit(patch)` for each ancestor's patch that may touch `bit`, last in plan order first,
// until it returns true.
template <class Visit>
bool visit_backward(const Patch* patches, AncestorSet ancestors, std::uint64_t bit, Visit visit) {
  for (std::uint32_t w = ancestors.word_count; w-- > 0;) {
    for (std::uint64_t word = ancestors.words[w]; word != 0;) {
      const int top = 63 - std::countl_zero(word);
      word &= ~(std::uint64_t{1} << top);
      const Patch& patch = patches[w * 64 + static_cast<std::uint32_t>(top)];
      if ((patch.key_mask() & bit) != 0 && visit(patch)) return true;
    }
  }
  return false;
}

Value below(RawValue value, PathView rest, Arena& arena) {
  for (const PathSegment& key : rest) {
    if (!value.is_object()) return {};
    value = find_member(value.text, key.key);
    if (!value.present()) return {};
  }
  return value.token == Token::text ? Value(value.text) : decode_json(value.text, arena);
}

// What is no top-level field. Apart, like read_patched(): g++ takes values that come from several
// places apart and puts them together again, which costs more than a call.
[[gnu::noinline]] Value read_nested(const Field* field, PathView path, Arena& arena) {
  if (field == nullptr || path.size() == 1 || field->token != Token::object) return {};
  return below(RawValue::of(*field), path.without_front(), arena);
}

Value read_input(const Event& event, PathView path, Arena& arena) {
  const Field* const field = event.find(path.front());
  if (field != nullptr && path.size() == 1) [[likely]]
    return decode(*field, arena);
  return read_nested(field, path, arena);
}

// Puts together what several patches and the input have under one path.
Value read_merged(const Event& event, PathView path, std::span<const PatchOp* const> backward,
                  Arena& arena) {
  Overlay overlay;
  overlay.begin(arena);
  for (std::size_t i = backward.size(); i-- > 0;) overlay.apply(*backward[i]);

  Overlay::Node* node = &overlay.root();
  RawValue base;
  for (std::uint32_t i = 0; i < path.size(); ++i) {
    const PathSegment& key = path[i];
    if (i == 0) {
      const Field* const field = event.find(key);
      base = field != nullptr ? RawValue::of(*field) : RawValue();
    } else {
      const bool open = base.is_object() && base.present() && !node->hides_base &&
                        !(node->state == Overlay::Node::State::value && !node->value.is_object()) &&
                        node->state != Overlay::Node::State::removed;
      base = open ? find_member(base.text, key.key) : RawValue();
    }
    Overlay::Node* const child = overlay.child(*node, key.key);
    if (child == nullptr) {
      return base.present() ? below(base, path.without_front(i + 1), arena) : Value();
    }
    node = child;
  }
  if (!Overlay::remains(*node, base)) return {};
  std::string text;
  overlay.append(text, *node, base);
  return decode_json(arena.copy(text), arena);
}

[[gnu::noinline]] Value read_patched(const Event& event, const Patch* patches,
                                     AncestorSet ancestors, PathView path, Arena& arena) {
  if (path.empty()) return {};
  ArenaVector<const PatchOp*> touching;  // last in plan order first
  Value found;
  const bool decided =
      visit_backward(patches, ancestors, path.front().bit, [&](const Patch& patch) {
        const auto ops = patch.ops();
        for (std::size_t i = ops.size(); i-- > 0;) {
          const PatchOp& op = ops[i];
          if (!overlap(op.path, path)) continue;
          const bool covers = op.path.size() <= path.size();
          if (touching.empty() && covers && !op.value.is_object()) {
            found = op.path.size() == path.size() ? op.value : Value();
            return true;
          }
          touching.push_back(arena, &op);
          // What an op that covers the path hides need not be looked at, but for objects, which
          // merge.
          if (covers && !op.value.is_object()) {
            found = Value();
            return true;
          }
        }
        return false;
      });
  if (!touching.empty()) return read_merged(event, path, {touching.data(), touching.size()}, arena);
  return decided ? found : read_input(event, path, arena);
}

}  // namespace

Value EventView::get(PathView path) const {
  if (observer_ != nullptr && !path.empty()) [[unlikely]]
    observer_->looked_up(path);
  if (ancestors_.word_count == 0 && !path.empty()) [[likely]]
    return read_input(*event_, path, *arena_);
  return read_patched(*event_, patches_, ancestors_, path, *arena_);
}

void EventView::append_json(std::string& out) const {
  Overlay overlay;
  overlay.begin(*arena_);
  for (std::uint32_t w = 0; w < ancestors_.word_count; ++w) {
    for (std::uint64_t word = ancestors_.words[w]; word != 0; word &= word - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(word));
      for (const PatchOp& op : patches_[w * 64 + bit].ops()) overlay.apply(op);
    }
  }
  std::string put_together;
  std::string_view base = event_->json();
  if (base.empty()) base = put_together = object_of(*event_);
  if (overlay.empty()) {
    out += base;
  } else {
    overlay.append(out, overlay.root(), {Token::object, base});
  }
}

}  // namespace logbraid
