#include "config/yaml_builder.h"

#include "config/yaml_reader.h"
#include "config/yaml_scalar.h"

namespace logbraid {

YamlBuilder::YamlBuilder(std::string file, const References& references, ErrorList& errors)
    : file_(std::move(file)), references_(references), errors_(errors) {}

Error YamlBuilder::error_at(const YAML::Mark& mark, std::string message) const {
  Error error(std::move(message));
  error.file = file_;
  error.line = mark.line + 1;
  error.key = key_here();
  return error;
}

std::string YamlBuilder::key_here() const {
  std::string key;
  for (const Open& open : open_) {
    const std::string step = open.is_map ? open.key : std::to_string(open.items.size());
    if (open.is_map && !open.has_key) break;
    key += key.empty() ? step : "." + step;
  }
  return key;
}

Setting YamlBuilder::placed(Setting setting, const YAML::Mark& mark) const {
  setting.file = file_;
  setting.line = mark.line + 1;
  return setting;
}

void YamlBuilder::count_node(const YAML::Mark& mark) {
  if (++nodes_ > kMostNodes) {
    throw YamlStop{error_at(mark, "has over " + std::to_string(kMostNodes) + " values")};
  }
}

void YamlBuilder::check_tag(const YAML::Mark& mark, const std::string& tag) {
  // "?" is a plain value, "!" a quoted one.
  if (tag.empty() || tag == "?" || tag == "!") return;
  errors_.add(error_at(mark, "has the tag " + tag +
                                 ", which means nothing here; leave it out (quotes make a text)"));
}

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ > 1) {
    throw YamlStop{error_at(mark, "a second document begins; one file is one document")};
  }
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (expects_key()) {
    throw YamlStop{error_at(mark, "a key is missing; a text must stand before the colon")};
  }
  count_node(mark);
  add(placed({}, mark), anchor, 1);
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (expects_key()) throw YamlStop{error_at(mark, "an alias cannot be a key; write the key")};
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    throw YamlStop{error_at(mark, "an alias stands inside what it names; it would have no end")};
  }
  alias_nodes_ += found->second.nodes;
  if (alias_nodes_ > kMostAliasNodes) {
    throw YamlStop{error_at(mark, "aliases stand for over " + std::to_string(kMostAliasNodes) +
                                      " values; write less with aliases of aliases")};
  }
  add(found->second.value, 0, found->second.nodes);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  if (expects_key()) {
    take_key(mark, value);
    return;
  }
  count_node(mark);
  check_tag(mark, tag);
  const auto expanded = expand_references(value, references_);
  if (!expanded) {
    errors_.add(error_at(mark, expanded.error().message));
    add(placed({}, mark), anchor, 1);
    return;
  }
  Setting setting = placed(tag == "?" ? plain_scalar(expanded->text) : expanded->text, mark);
  setting.secret = expanded->secret;
  add(std::move(setting), anchor, 1);
}

void YamlBuilder::take_key(const YAML::Mark& mark, const std::string& key) {
  Open& map = open_.back();
  const auto [before, added] = map.lines.try_emplace(key, mark.line + 1);
  map.key = key;
  map.key_line = mark.line + 1;
  map.has_key = true;
  if (!added) {
    errors_.add(error_at(mark, "is written twice, first on line " + std::to_string(before->second) +
                                   "; leave one of them"));
  }
  if (key == "<<") {
    errors_.add(error_at(mark, "merge keys are not part of YAML 1.2; write the settings out"));
  }
}

void YamlBuilder::begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                        bool is_map) {
  if (expects_key()) {
    throw YamlStop{error_at(mark, "a key must be a text, not a list or a map")};
  }
  if (open_.size() >= static_cast<std::size_t>(kDeepestYaml)) {
    throw YamlStop{error_at(mark, "is nested over " + std::to_string(kDeepestYaml) + " deep")};
  }
  count_node(mark);
  check_tag(mark, tag);
  Open open;
  open.place = placed({}, mark);
  open.is_map = is_map;
  open.anchor = anchor;
  open.nodes_before = nodes_ + alias_nodes_;
  open_.push_back(std::move(open));
}

void YamlBuilder::end() {
  Open open = std::move(open_.back());
  open_.pop_back();
  Setting setting =
      open.is_map ? Setting::map(std::move(open.members)) : Setting::list(std::move(open.items));
  setting.file = open.place.file;
  setting.line = open.place.line;
  add(std::move(setting), open.anchor, nodes_ + alias_nodes_ - open.nodes_before + 1);
}

void YamlBuilder::add(Setting setting, YAML::anchor_t anchor, std::size_t nodes) {
  if (anchor != 0) {
    // What an anchor keeps is a copy, too: anchors in anchors must not multiply it.
    alias_nodes_ += nodes;
    if (alias_nodes_ > kMostAliasNodes) {
      throw YamlStop{setting.error("anchors name over " + std::to_string(kMostAliasNodes) +
                                   " values; name less")};
    }
    anchors_.insert_or_assign(anchor, Anchored{setting, nodes});
  }
  if (open_.empty()) {
    root_ = std::move(setting);
    return;
  }
  Open& parent = open_.back();
  if (!parent.is_map) {
    parent.items.push_back(std::move(setting));
    return;
  }
  // A map or a list begins on the line after its key; people look for the key.
  if (!setting.is_scalar() && setting.line > parent.key_line) setting.line = parent.key_line;
  parent.members.emplace_back(std::move(parent.key), std::move(setting));
  parent.has_key = false;
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value) {
  begin(mark, tag, anchor, false);
}

void YamlBuilder::OnSequenceEnd() { end(); }

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  begin(mark, tag, anchor, true);
}

void YamlBuilder::OnMapEnd() { end(); }

}  // namespace logbraid
