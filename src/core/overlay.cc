#include "core/overlay.h"

#include "core/json_text.h"

namespace logbraid {

using Node = Overlay::Node;

RawValue RawValue::of(const Field& field) {
  if (field.token == Token::string) return {Token::string, {field.raw - 1, field.raw_size + 2u}};
  return {field.token, field.raw_text()};
}

RawValue RawValue::of_json(std::string_view json) {
  switch (json.front()) {
    case '{':
      return {Token::object, json};
    case '[':
      return {Token::array, json};
    case '"':
      return {Token::string, json};
    case 'n':
      return {Token::null, json};
    case 't':
    case 'f':
      return {Token::boolean, json};
    default:
      return {Token::number, json};
  }
}

void append_raw(std::string& out, const RawValue& value) {
  if (value.token == Token::text) {
    append_json_string(out, value.text);
  } else {
    out += value.text;
  }
}

RawValue find_member(std::string_view object, std::string_view key) {
  RawValue found;
  for (ObjectWalk walk(object); walk.next();) {
    if (walk.key_is(key)) found = RawValue::of_json(walk.value());
  }
  return found;
}

Node* Overlay::find(const Node& node, std::string_view key, std::uint64_t bit) {
  if ((node.child_bits & bit) == 0) return nullptr;
  for (Node* child = node.first_child; child != nullptr; child = child->next) {
    if (child->key.bit == bit && child->key.key == key) return child;
  }
  return nullptr;
}

Node& Overlay::child_or_new(Node& node, const PathSegment& key) {
  // Steps of one enricher stand together: the last child is often the one.
  if (node.last_child != nullptr && node.last_child->key.key.data() == key.key.data()) {
    return *node.last_child;
  }
  if (Node* const known = find(node, key.key, key.bit)) return *known;
  Node* const made = new (arena_->allocate(sizeof(Node), alignof(Node))) Node();
  made->key = key;
  node.child_bits |= key.bit;
  (node.last_child != nullptr ? node.last_child->next : node.first_child) = made;
  node.last_child = made;
  return *made;
}

void Overlay::apply(const PatchOp& op) {
  const bool removes = op.value.absent();
  Node* node = &root_;
  for (std::uint32_t i = 0; i < op.path.size(); ++i) {
    if (i != 0) {
      if (node->state == Node::State::value && node->value.is_object()) explode(*node);
      const bool no_object =
          node->state == Node::State::value || node->state == Node::State::removed;
      if (removes && no_object) return;
      if (!removes) {
        if (node->state == Node::State::value) ++conflicts_;
        node->hides_base |= no_object;
        node->state = Node::State::object;
      }
    }
    node = &child_or_new(*node, op.path[i]);
  }
  if (!removes) {
    set(*node, op.value);
    return;
  }
  forget_children(*node);
  node->state = Node::State::removed;
}

void Overlay::forget_children(Node& node) {
  node.first_child = node.last_child = nullptr;
  node.child_bits = 0;
}

void Overlay::set(Node& node, const Value& value) {
  if (value.is_object()) {
    if (node.state == Node::State::value && node.value.is_object()) explode(node);
    node.hides_base |= node.state == Node::State::value || node.state == Node::State::removed;
    if (node.first_child != nullptr || node.state == Node::State::object) {
      node.state = Node::State::object;
      for (ObjectWalk walk(value.text()); walk.next();) {
        const PathView key = child_path({}, unescape_json(walk.raw_key(), *arena_), *arena_);
        set(child_or_new(node, key.front()), decode_json(walk.value(), *arena_));
      }
      return;
    }
  } else {
    forget_children(node);
  }
  node.value = value;
  node.state = Node::State::value;
}

// An object that was set whole becomes a node with children: something touches it below.
void Overlay::explode(Node& node) {
  const Value whole = node.value;
  node.value = Value();
  node.state = Node::State::object;
  set(node, whole);
}

Node* Overlay::child(Node& node, std::string_view key) {
  if (node.state == Node::State::value && node.value.is_object()) explode(node);
  return find(node, key, key_bit(key));
}

bool Overlay::remains(const Node& node, const RawValue& base) {
  switch (node.state) {
    case Node::State::removed:
      return false;
    case Node::State::edited:
      return base.present();
    default:
      return true;
  }
}

void Overlay::append(std::string& out, Node& node, const RawValue& base) {
  const bool merges = base.present() && base.is_object() && !node.hides_base;
  if (node.state == Node::State::value) {
    if (!node.value.is_object() || !merges) {
      append_json(out, node.value);
      return;
    }
    explode(node);
  }
  if (node.state == Node::State::edited && !merges) {
    append_raw(out, base);
    return;
  }
  if (merges) {
    append_merged(out, node, base.text);
  } else {
    append_new(out, node);
  }
}

void Overlay::append_new(std::string& out, Node& node) {
  const RawValue none;
  char separator = '{';
  for (Node* added = node.first_child; added != nullptr; added = added->next) {
    if (!remains(*added, none)) continue;
    out += separator;
    separator = ',';
    out += added->key.quoted;
    append(out, *added, none);
  }
  out.append(separator == '{' ? "{}" : "}");
}

void Overlay::append_merged(std::string& out, Node& node, std::string_view base_object) {
  out += '{';
  const char* separator = "";
  for (ObjectWalk walk(base_object); walk.next();) {
    const std::string_view key = unescape_json(walk.raw_key(), *arena_);
    Node* const change = find(node, key, key_bit(key));
    RawValue value = RawValue::of_json(walk.value());
    // Of duplicate keys only the last one is changed; a removal takes all of them.
    const bool changes =
        change != nullptr && (change->state == Node::State::removed ||
                              find_member(base_object, key).text.data() == value.text.data());
    if (changes && !remains(*change, value)) continue;
    out += separator;
    separator = ",";
    out += base_object.substr(walk.key_begin(), walk.value_begin() - walk.key_begin());
    if (changes) {
      append(out, *change, value);
    } else {
      out += walk.value();
    }
  }
  for (Node* added = node.first_child; added != nullptr; added = added->next) {
    const RawValue none;
    if (!remains(*added, none) || find_member(base_object, added->key.key).present()) continue;
    out += separator;
    separator = ",";
    out += added->key.quoted;
    append(out, *added, none);
  }
  out += '}';
}

}  // namespace logbraid
