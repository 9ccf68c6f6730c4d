#include "cli/help_format.h"

#include <fmt/format.h>

#include <string_view>

#include "cli/text_table.h"

namespace logbraid::cli {
namespace {

constexpr std::size_t kNames = 24;     // columns for names
constexpr std::size_t kSentence = 72;  // columns for what they mean

std::string entry(std::string_view name, const std::string& sentence) {
  const std::string text = wrapped(sentence, kSentence, kNames);
  if (name.size() + 4 > kNames) return fmt::format("  {}\n{:{}}{}\n", name, "", kNames, text);
  return fmt::format("  {:<{}}{}\n", name, kNames - 2, text);
}

}  // namespace

std::string HelpFormat::make_option(const CLI::Option* option, bool is_positional) const {
  std::string name = option->get_name(is_positional, !is_positional);
  if (!is_positional && option->get_type_size() != 0) name += " " + option->get_type_name();
  std::string sentence = option->get_description();
  if (!option->get_default_str().empty()) sentence += " (" + option->get_default_str() + ")";
  return entry(name, sentence);
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description());
}

std::string HelpFormat::make_footer(const CLI::App* app) const {
  const std::string footer = app->get_footer();
  return footer.empty() ? footer : footer + "\n";
}

}  // namespace logbraid::cli
