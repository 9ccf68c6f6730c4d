#include "cli/text_table.h"

#include <algorithm>
#include <string_view>

namespace logbraid::cli {
namespace {

// Characters; those of double width and combining ones are not told apart.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string TextTable::to_string() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].heading);
    // The last column has nothing behind it.
    const bool last = i + 1 == columns_.size();
    for (const auto& row : rows_) {
      if (!last || columns_[i].align == Align::right) width = std::max(width, width_of(row[i]));
    }
    widths.push_back(width);
  }

  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      std::string cell = cell_of(i);
      if (i > 0) line += "  ";
      for (std::size_t at = cell.find('\n'); at != std::string::npos;
           at = cell.find('\n', at + 1)) {
        cell.insert(at + 1, line.size(), ' ');
      }
      const std::size_t width = width_of(cell);
      const std::string padding(width < widths[i] ? widths[i] - width : 0, ' ');
      line += columns_[i].align == Align::left ? cell + padding : padding + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line([&](std::size_t i) { return columns_[i].heading; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) { return row[i]; });
  }
  return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (used > 0 && used + 1 + width_of(word) > width) {
      out += '\n' + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += width_of(word);
    at = text.find_first_not_of(' ', end);
  }
  return out;
}

}  // namespace logbraid::cli
