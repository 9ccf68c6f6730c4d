#include "format/json_writer.h"

#include <algorithm>

#include "core/json_text.h"
#include "core/short_text.h"

namespace logbraid {

using Node = Overlay::Node;

namespace {

// What is put together beforehand of a patch; null: nothing.
const ConstantSteps* prepared(const Patch& patch) {
  const ConstantSteps* const steps = patch.constant();
  return steps != nullptr && !steps->json.empty() ? steps : nullptr;
}

bool name_root(std::span<const PatchOp> ops, const PathSegment& root) {
  return std::any_of(ops.begin(), ops.end(), [&root](const PatchOp& op) {
    const PathSegment& other = op.path.front();
    return other.bit == root.bit && other.key == root.key;
  });
}

// Whether a patch before this one, or one of its first `before` steps, names that field.
bool is_named_before(std::span<const Patch> patches, const Patch& patch, std::size_t before,
                     const PathSegment& root) {
  for (const Patch& each : patches) {
    if (&each == &patch) break;
    if ((each.key_mask() & root.bit) != 0 && name_root(each.ops(), root)) return true;
  }
  return name_root(patch.ops().first(before), root);
}

}  // namespace

void JsonWriter::write(const Event& event, std::span<const Patch> patches, std::string& out) {
  if (!event.json().empty() && only_adds(event, patches)) {
    write_adding(event, patches, out);
    return;
  }
  nodes_.reset();
  overlay_.begin(nodes_);
  for (const Patch& patch : patches) {
    for (const PatchOp& op : patch.ops()) overlay_.apply(op);
  }
  changes_.release();
  additions_.release();
  removes_ = false;
  if (!overlay_.empty()) find_changes(event);
  if (event.json().empty() || removes_) {
    write_by_member(event, out);
  } else {
    write_spliced(event, out);
  }
}

bool JsonWriter::only_adds(const Event& event, std::span<const Patch> patches) {
  constexpr std::size_t kAround = 4;  // a comma, the braces of an object
  added_bound_ = 0;
  std::uint64_t seen = 0;               // key_bit() of what is added before
  const PathSegment* object = nullptr;  // the last one that is added, where it is an object
  std::uint64_t leaves = 0;             // key_bit() of its members
  for (const Patch& patch : patches) {
    const auto ops = patch.ops();
    if (const ConstantSteps* const steps = prepared(patch)) {
      for (const PatchOp& op : ops) {
        const PathSegment& root = op.path.front();
        if ((seen & root.bit) != 0 && is_named_before(patches, patch, 0, root)) return false;
        if (event.find(root) != nullptr) return false;
      }
      added_bound_ += kAround + steps->json.size();
      seen |= steps->key_mask;
      object = nullptr;
      continue;
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const PatchOp& op = ops[i];
      if (op.value.absent() || op.path.size() > 2) return false;
      const PathSegment& root = op.path.front();
      const bool nested = op.path.size() == 2;
      added_bound_ += kAround + root.quoted.size() + json_bound(op.value) +
                      (nested ? op.path[1].quoted.size() : 0);
      if (nested && object != nullptr && same_short(root.key, object->key)) {
        if ((leaves & op.path[1].bit) != 0) return false;  // perhaps the same member again
        leaves |= op.path[1].bit;
        continue;
      }
      if ((seen & root.bit) != 0 && is_named_before(patches, patch, i, root)) return false;
      if (event.find(root) != nullptr) return false;
      seen |= root.bit;
      object = nested ? &root : nullptr;
      leaves = nested ? op.path[1].bit : 0;
    }
  }
  return true;
}

// After only_adds() said so: the record's own text and the new fields, in one go.
void JsonWriter::write_adding(const Event& event, std::span<const Patch> patches,
                              std::string& out) {
  if (added_bound_ == 0) {
    out += event.json();
    out += '\n';
    return;
  }
  bool first = !write_open(event, event.json().data(), out);
  // Put together in memory that is large enough, so that no step has to ask.
  if (scratch_.size() < added_bound_) scratch_.resize(added_bound_ * 2);
  char* to = scratch_.data();
  const auto put = [&to](std::string_view text) { to = copy_short(to, text); };
  const PathSegment* object = nullptr;  // the one that is open
  const auto begin_field = [&] {
    if (object != nullptr) *to++ = '}';
    object = nullptr;
    if (!first) *to++ = ',';
    first = false;
  };
  for (const Patch& patch : patches) {
    if (const ConstantSteps* const steps = prepared(patch)) {
      begin_field();
      put(steps->json);
      continue;
    }
    for (const PatchOp& op : patch.ops()) {
      const PathSegment& root = op.path.front();
      const bool nested = op.path.size() == 2;
      if (nested && object != nullptr && same_short(root.key, object->key)) {
        *to++ = ',';
      } else {
        begin_field();
        put(root.quoted);
        if (nested) {
          object = &root;
          *to++ = '{';
        }
      }
      if (nested) put(op.path[1].quoted);
      to = write_json(to, op.value);
    }
  }
  out.append(scratch_.data(), to);
  out.append(object != nullptr ? "}}\n" : "}\n");
}

// Appends the record's text from `copied` to behind its last field; false where it has none.
bool JsonWriter::write_open(const Event& event, const char* copied, std::string& out) {
  const auto fields = event.fields();
  const char* end = event.json().data() + 1;
  if (!fields.empty()) {
    const std::string_view last = RawValue::of(fields.back()).text;
    end = last.data() + last.size();
  }
  out.append(copied, end);
  return !fields.empty();
}

// Sorts what the patches do into changes of fields that are there and additions.
void JsonWriter::find_changes(const Event& event) {
  for (Node* node = overlay_.root().first_child; node != nullptr; node = node->next) {
    const Field* const field = event.find(node->key);
    if (field == nullptr) {
      if (Overlay::remains(*node, {})) additions_.push_back(nodes_, node);
      continue;
    }
    if (node->state == Node::State::object && field->token != Token::object && !node->hides_base) {
      ++conflicts_;
    }
    removes_ |= node->state == Node::State::removed;
    changes_.push_back(nodes_, {field, node});
  }
  std::sort(changes_.begin(), changes_.end(),
            [](const Change& a, const Change& b) { return a.field < b.field; });
}

// The record's own text with the changed values exchanged and the additions before its last brace.
void JsonWriter::write_spliced(const Event& event, std::string& out) {
  const std::string_view json = event.json();
  const char* copied = json.data();
  for (const Change& change : changes_) {
    const RawValue base = RawValue::of(*change.field);
    out.append(copied, base.text.data());
    overlay_.append(out, *change.node, base);
    copied = base.text.data() + base.text.size();
  }
  if (additions_.empty()) {
    out.append(copied, json.data() + json.size());
    out += '\n';
    return;
  }
  const bool any = write_open(event, copied, out);
  write_additions(any ? "," : "", out);
  out.append("}\n", 2);
}

Node* JsonWriter::change_of(const Field& field) const {
  for (const Change& change : changes_) {
    if (change.field == &field) return change.node;
    // A removal takes every duplicate.
    if (change.node->state != Node::State::removed) continue;
    const std::string_view removed = change.node->key.key;
    if (field.key_escaped ? json_equals(field.key_text(), removed) : field.key_text() == removed) {
      return change.node;
    }
  }
  return nullptr;
}

void JsonWriter::write_by_member(const Event& event, std::string& out) {
  out += '{';
  const char* separator = "";
  const bool from_json = !event.json().empty();
  for (const Field& field : event.fields()) {
    Node* const node = changes_.empty() ? nullptr : change_of(field);
    const RawValue base = RawValue::of(field);
    if (node != nullptr && !Overlay::remains(*node, base)) continue;
    out += separator;
    separator = ",";
    out += '"';
    if (from_json) {
      out += field.key_text();
    } else {
      append_json_escaped(out, field.key_text());
    }
    out.append("\":", 2);
    if (node != nullptr) {
      overlay_.append(out, *node, base);
    } else {
      append_raw(out, base);
    }
  }
  write_additions(separator, out);
  out.append("}\n", 2);
}

void JsonWriter::write_additions(const char* separator, std::string& out) {
  for (Node* const node : additions_) {
    out += separator;
    separator = ",";
    out += node->key.quoted;
    overlay_.append(out, *node, {});
  }
}

}  // namespace logbraid
