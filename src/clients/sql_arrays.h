#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "clients/sql_row.h"
#include "lookup/request.h"

namespace logbraid {

// Gathers the rows of keys, in whatever order of keys they come, into arrays: of a field those of
// its column, of whole rows objects. A null stays in its place, so that the arrays of one key have
// the same length.
//
// Threads: one.
class SqlArrays {
 public:
  // Adds a row to those of the key that stands at `at` of the request. Gives their number.
  template <class ValueOf>
  std::size_t add(std::size_t at, const SqlShape& shape, const ValueOf& value_of) {
    if (keys_.size() <= at) keys_.resize(at + 1);
    Key& key = keys_[at];
    const std::size_t fields = std::max<std::size_t>(shape.columns.size(), 1);
    key.arrays.resize(fields);
    for (std::string& array : key.arrays) array += key.rows == 0 ? '[' : ',';
    if (shape.columns.empty()) {
      append_sql_object(key.arrays[0], shape, value_of);
    } else {
      for (std::size_t i = 0; i < fields; ++i) {
        append_json(key.arrays[i], value_of(shape.columns[i]));
      }
    }
    return ++key.rows;
  }
  // All rows of that key have come: they are its answer. Nothing where there are none.
  void write(Request& request, std::size_t at);
  // Those of that key count for nothing.
  void drop(std::size_t at);
  void clear() { keys_.clear(); }

 private:
  struct Key {
    std::size_t rows = 0;
    std::vector<std::string> arrays;  // by field, still open
  };
  std::vector<Key> keys_;
};

}  // namespace logbraid
