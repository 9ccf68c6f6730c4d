#include "enrichers/csv_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/json_text.h"

namespace logbraid {

// One pass over the text, which it rewrites: unquoting never makes a cell longer.
class CsvTable::Parser {
 public:
  Parser(CsvTable& table, std::size_t size, char separator)
      : table_(table), at_(table.text_.get()), end_(at_ + size), separator_(separator) {
    if (std::string_view(at_, size).starts_with("\xEF\xBB\xBF")) at_ += 3;
  }

  // The next row's cells behind those the table has; false at the end or with an error.
  bool next_row() {
    while (at_ < end_ && pass_line_end()) {
    }
    if (at_ == end_) return false;
    row_line_ = line_;
    do {
      if (!read_cell()) return false;
    } while (pass_separator());
    if (at_ < end_ && !pass_line_end()) return fail("characters behind a closing quote");
    return true;
  }

  std::uint32_t row_line() const { return row_line_; }
  bool failed() const { return !error_.empty(); }
  Error error() const { return Error(error_); }

 private:
  bool fail(const std::string& why) {
    error_ = "line " + std::to_string(line_) + ": " + why;
    return false;
  }

  bool pass_separator() {
    if (at_ == end_ || *at_ != separator_) return false;
    ++at_;
    return true;
  }

  bool pass_line_end() {
    if (*at_ == '\r' && end_ - at_ > 1 && at_[1] == '\n') ++at_;
    if (*at_ != '\n') return false;
    ++at_;
    ++line_;
    return true;
  }

  bool ends_cell(const char* at) const {
    return at == end_ || *at == separator_ || *at == '\n' ||
           (*at == '\r' && end_ - at > 1 && at[1] == '\n');
  }

  bool read_cell() {
    if (at_ < end_ && *at_ == '"') return read_quoted();
    const char* const start = at_;
    while (!ends_cell(at_)) {
      if (*at_ == '"') return fail("a quote inside a cell; quote the cell and double the quote");
      ++at_;
    }
    table_.cells_.emplace_back(start, static_cast<std::size_t>(at_ - start));
    return true;
  }

  bool read_quoted() {
    char* to = ++at_;
    const char* const start = to;
    for (;; ++at_) {
      if (at_ == end_) {
        line_ = row_line_;
        return fail("a quote is opened and never closed");
      }
      if (*at_ == '\n') ++line_;
      if (*at_ == '"') {
        if (end_ - at_ < 2 || at_[1] != '"') break;
        ++at_;
      }
      *to++ = *at_;
    }
    ++at_;
    table_.cells_.emplace_back(start, static_cast<std::size_t>(to - start));
    return true;
  }

  CsvTable& table_;
  char* at_;
  char* const end_;
  const char separator_;
  std::uint32_t line_ = 1;
  std::uint32_t row_line_ = 1;
  std::string error_;
};

namespace {

Error error_at(std::uint32_t line, const std::string& why) {
  return Error("line " + std::to_string(line) + ": " + why);
}

}  // namespace

Result<CsvTable> CsvTable::parse(std::string_view text, char separator, std::size_t max_rows) {
  if (const std::size_t valid = valid_utf8_prefix(text); valid != text.size()) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(valid), '\n');
    return error_at(static_cast<std::uint32_t>(line), "not UTF-8");
  }
  CsvTable table;
  table.text_ = std::make_shared<char[]>(text.size());
  if (!text.empty()) std::memcpy(table.text_.get(), text.data(), text.size());

  Parser parser(table, text.size(), separator);
  if (!parser.next_row()) {
    return parser.failed() ? parser.error() : Error("is empty; its first line must name columns");
  }
  table.width_ = table.cells_.size();
  for (std::size_t i = 0; i < table.width_; ++i) {
    const std::string_view name = table.cells_[i];
    if (table.find_column(name) != i) {
      return error_at(parser.row_line(), "column \"" + std::string(name) + "\" stands there twice");
    }
  }

  std::size_t before = table.cells_.size();
  while (parser.next_row()) {
    const std::size_t width = table.cells_.size() - before;
    if (width != table.width_) {
      return error_at(parser.row_line(), std::to_string(width) + " cells, but the header has " +
                                             std::to_string(table.width_));
    }
    if (table.lines_.size() == max_rows) {
      return error_at(parser.row_line(), "over " + std::to_string(max_rows) + " rows");
    }
    table.lines_.push_back(parser.row_line());
    before = table.cells_.size();
  }
  if (parser.failed()) return parser.error();
  return table;
}

std::size_t CsvTable::find_column(std::string_view name) const {
  const auto names = columns();
  return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
}

}  // namespace logbraid
