#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace logbraid::cli {

// --help as we like it: an option, what it takes, and a sentence that fits the screen.
class HelpFormat final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_footer(const CLI::App* app) const override;
};

}  // namespace logbraid::cli
