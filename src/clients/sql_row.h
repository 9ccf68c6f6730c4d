#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "logbraid/result.h"
#include "lookup/request.h"

namespace logbraid {

// Where the columns of a result go.
struct SqlShape {
  // Of each field of the enricher, the column that it is set from; empty: field 0 is set to the
  // whole row, as an object.
  std::vector<std::size_t> columns;
  // Of each column of a whole row: `"name":`.
  std::vector<std::string> names;
};

// The shape of a result with such columns. `wanted`: the column of each field; empty: all, as an
// object. An error where a column is missing, or two of an object have the same name.
Result<SqlShape> sql_shape(std::span<const std::string_view> columns,
                           std::span<const std::string> wanted);

// What becomes of a key that has several rows.
struct SqlRowsRule {
  enum class Several : std::uint8_t {
    first,  // the first one counts
    error,  // it has failed
    array,  // each field gets an array with its value of each row
  };
  Several several = Several::first;
  std::size_t most = 100;  // rows of one array; a key that has more has failed
};

// Appends a whole row as an object.
template <class ValueOf>
void append_sql_object(std::string& out, const SqlShape& shape, const ValueOf& value_of) {
  out += '{';
  for (std::size_t i = 0; i < shape.names.size(); ++i) {
    if (i != 0) out += ',';
    out += shape.names[i];
    append_json(out, value_of(i));
  }
  out += '}';
}

// Puts rows of a database into answers.
//
// Threads: one.
class SqlRowWriter {
 public:
  // `value_of(column)` gives a Value that is valid until the next one is asked for.
  template <class ValueOf>
  void write(Request& request, std::size_t row, const SqlShape& shape, const ValueOf& value_of) {
    request.found(row);
    for (std::size_t i = 0; i < shape.columns.size(); ++i) {
      request.value(static_cast<std::uint16_t>(i), value_of(shape.columns[i]));
    }
    if (!shape.columns.empty()) return;
    object_.clear();
    append_sql_object(object_, shape, value_of);
    request.value(0, Value::object(object_));
  }

 private:
  std::string object_;
};

// What a database says in its messages, on one line: they may quote values of events. What follows
// the first line, and what is beyond 400 bytes, is left out.
std::string sql_message(std::string_view message);

}  // namespace logbraid
