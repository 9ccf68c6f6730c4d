#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/result.h"

namespace logbraid {

// A CSV file in memory: RFC 4180 with a header row. CRLF or LF, a byte order mark, quoted cells
// with line ends in them; blank lines are passed over.
//
// Threads:  immutable once parsed.
// Lifetime: cells are views of text(), which can be taken along when the table goes.
// Errors:   "line 12: ..." for a row with more or fewer cells than the header, a stray or open
//           quote, bytes that are not UTF-8, a column named twice, too many rows.
class CsvTable {
 public:
  static Result<CsvTable> parse(std::string_view text, char separator, std::size_t max_rows);

  std::span<const std::string_view> columns() const { return {cells_.data(), width_}; }
  // The place of a column, or columns().size() where there is none.
  std::size_t find_column(std::string_view name) const;

  std::size_t rows() const { return lines_.size(); }
  std::span<const std::string_view> row(std::size_t i) const {
    return {cells_.data() + (i + 1) * width_, width_};
  }
  // 1-based, where the row begins.
  std::uint32_t line(std::size_t i) const { return lines_[i]; }

  std::shared_ptr<const char[]> text() const { return text_; }

 private:
  class Parser;

  std::shared_ptr<char[]> text_;  // quoted cells are unquoted in place
  std::vector<std::string_view> cells_;
  std::vector<std::uint32_t> lines_;
  std::size_t width_ = 0;
};

}  // namespace logbraid
