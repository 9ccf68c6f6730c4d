#include "config/yaml_reader.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <filesystem>
#include <sstream>

#include "config/text_file.h"
#include "config/yaml_builder.h"

namespace logbraid {
namespace {

Error in_file(Error error, const std::string& file) {
  error.file = file;
  return error;
}

// The parser's own words, and what is most likely meant.
Error syntax_error(const YAML::Exception& exception, std::string_view text,
                   const std::string& file) {
  Error error("is no YAML: " + exception.msg + " (column " +
              std::to_string(exception.mark.column + 1) + ")");
  error.file = file;
  error.line = exception.mark.line + 1;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int i = 0; i < error.line && std::getline(lines, line); ++i) {
  }
  if (line.find('\t') < line.find_first_not_of(" \t")) {
    error.message += "; indent with blanks, not with tabs";
  } else if (line.find("${") != std::string::npos) {
    error.message += "; inside { } and [ ] a ${NAME} must stand in quotes";
  }
  return error;
}

// The tree, where the text has one; whether it has is for the caller to judge.
std::optional<Setting> parse(std::string_view text, const std::string& file,
                             const References& references, ErrorList& errors, bool& empty) {
  if (const auto valid = check_text(text); !valid) {
    errors.add(in_file(valid.error(), file));
    return std::nullopt;
  }
  const std::size_t errors_before = errors.size();
  YamlBuilder builder(file, references, errors);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (YamlStop& stop) {
    errors.add(std::move(stop.error));
  } catch (const YAML::Exception& exception) {
    errors.add(syntax_error(exception, text, file));
  }
  if (errors.size() != errors_before) return std::nullopt;
  empty = !builder.has_document();
  return builder.take_root();
}

}  // namespace

std::optional<Setting> read_yaml(std::string_view text, const std::string& file,
                                 const References& references, ErrorList& errors) {
  bool empty = false;
  auto root = parse(text, file, references, errors, empty);
  if (!root) return std::nullopt;
  if (empty || root->is_null()) {
    errors.add(in_file(Error("is empty; write at least a list of `enrichers:`"), file));
    return std::nullopt;
  }
  if (!root->is_map()) {
    errors.add(root->error("must be a map with keys like `source:` and `enrichers:`, not " +
                           root->describe()));
    return std::nullopt;
  }
  assign_keys(*root, "");
  return root;
}

std::optional<Setting> read_yaml_file(const std::string& file, const References& references,
                                      ErrorList& errors) {
  const auto text = read_text_file(file, kLargestYaml);
  if (!text) {
    errors.add(in_file(text.error(), file));
    return std::nullopt;
  }
  References here = references;
  if (references.read_file) {
    // As all file names in a configuration, a relative one starts at the folder of the file.
    here.read_file = [&](const std::string& path) {
      const auto folder = std::filesystem::path(file).parent_path();
      return references.read_file(path.empty() ? path : (folder / path).string());
    };
  }
  return read_yaml(*text, file, here, errors);
}

std::optional<Setting> read_yaml_value(std::string_view text, const std::string& origin,
                                       const References& references, ErrorList& errors) {
  bool empty = false;
  return parse(text, origin, references, errors, empty);
}

void assign_keys(Setting& setting, std::string key) {
  const std::string prefix = key.empty() ? key : key + ".";
  for (auto& [name, member] : setting.members()) assign_keys(member, prefix + name);
  for (std::size_t i = 0; i < setting.items().size(); ++i) {
    Setting& item = setting.items()[i];
    const Setting* const name = item.find("name");
    const bool named = name != nullptr && name->is_string() && !name->string().empty();
    assign_keys(item, prefix + (named ? name->string() : std::to_string(i)));
  }
  setting.key = std::move(key);
}

}  // namespace logbraid
