#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "config/error_list.h"
#include "config/references.h"
#include "logbraid/setting.h"

namespace logbraid {

// Thrown through yaml-cpp's parser when reading on makes no sense.
struct YamlStop {
  Error error;
};

// Makes a tree of settings from the events of yaml-cpp's parser, which neither finds duplicate keys
// nor limits what aliases stand for.
//
// Lifetime: one document.
// Errors:   into the list; those that make reading on senseless are thrown as YamlStop.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlBuilder(std::string file, const References& references, ErrorList& errors);

  bool has_document() const { return documents_ > 0; }
  Setting take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  // A list or a map that is being read.
  struct Open {
    Setting place;  // file and line
    bool is_map = false;
    YAML::anchor_t anchor = 0;
    std::size_t nodes_before = 0;
    std::vector<Setting> items;
    std::vector<Setting::Member> members;
    std::unordered_map<std::string, int> lines;  // of the keys so far
    std::string key;                             // read, its value not yet
    int key_line = 0;
    bool has_key = false;
  };
  struct Anchored {
    Setting value;
    std::size_t nodes = 0;
  };

  Error error_at(const YAML::Mark& mark, std::string message) const;
  std::string key_here() const;
  Setting placed(Setting setting, const YAML::Mark& mark) const;
  bool expects_key() const {
    return !open_.empty() && open_.back().is_map && !open_.back().has_key;
  }
  void count_node(const YAML::Mark& mark);
  void check_tag(const YAML::Mark& mark, const std::string& tag);
  void take_key(const YAML::Mark& mark, const std::string& key);
  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool is_map);
  void end();
  void add(Setting setting, YAML::anchor_t anchor, std::size_t nodes);

  std::string file_;
  const References& references_;
  ErrorList& errors_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t alias_nodes_ = 0;
  int documents_ = 0;
  Setting root_;
};

}  // namespace logbraid
