#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logbraid::cli {

// Rows of text in columns of equal width, for a terminal.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string heading;
    Align align = Align::right;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns; the last one may have several lines.
  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Two blanks between columns, none at the end of a line.
  std::string to_string() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` broken between words into lines of at most `width`, each but the first behind `indent`
// blanks.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace logbraid::cli
