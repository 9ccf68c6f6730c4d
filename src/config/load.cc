#include "config/load.h"

#include <filesystem>

#include "config/layers.h"
#include "config/yaml_reader.h"

namespace logbraid {

std::optional<Setting> load_settings(const ConfigInput& input, ErrorList& errors) {
  const std::size_t errors_before = errors.size();
  Setting root = Setting::map({});
  for (const std::string& file : input.files) {
    auto layer = read_yaml_file(file, input.references, errors);
    if (layer) merge(root, *std::move(layer));
  }
  if (errors.size() != errors_before) return std::nullopt;
  for (const std::string& text : input.overrides) {
    apply_override(root, text, input.references, errors);
  }
  if (errors.size() != errors_before) return std::nullopt;
  return root;
}

std::optional<PipelineConfig> load_pipeline(const ConfigInput& input, const KnownKinds& kinds,
                                            ErrorList& errors) {
  const auto root = load_settings(input, errors);
  if (!root) return std::nullopt;
  return parse_pipeline(*root, kinds, errors);
}

std::string base_directory(const ConfigInput& input) {
  if (input.files.empty()) return "";
  return std::filesystem::path(input.files.front()).parent_path().string();
}

}  // namespace logbraid
