#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/result.h"
#include "logbraid/setting.h"
#include "logbraid/value.h"
#include "support/cidr.h"

namespace logbraid {

// What the tests of a predicate compare with.
//
// Threads: immutable once parsed.

// The values of `equals` and `in`. Whole numbers that fit are integers, so that 1 and 1.0 are one
// value and 2^53 + 1 is not 2^53.
struct ValueSet {
  bool null = false;
  bool yes = false;
  bool no = false;
  std::vector<std::int64_t> integers;  // sorted
  std::vector<double> reals;           // sorted, none of them a whole number that fits
  std::vector<std::string> strings;    // sorted

  static Result<ValueSet> parse_one(const Setting& value);    // equals
  static Result<ValueSet> parse_list(const Setting& values);  // in
  bool has(const Value& value) const;

 private:
  std::optional<Error> add(const Setting& value);
  bool has_integer(std::int64_t value) const;
  bool has_number(double value) const;
};

// Both ends inclusive. Integers are compared as such: a double cannot tell 2^53 from 2^53 + 1.
struct Range {
  std::optional<std::int64_t> least_integer;
  std::optional<std::int64_t> most_integer;
  double least = -HUGE_VAL;
  double most = HUGE_VAL;

  static Result<Range> parse(const Setting& ends);
  bool has(const Value& value) const;
};

// One prefix, or a list.
Result<std::vector<Cidr>> parse_cidrs(const Setting& prefixes);

}  // namespace logbraid
