#include "support/predicate_operands.h"

#include <algorithm>

namespace logbraid {
namespace {

std::optional<std::int64_t> whole(double value) {
  if (value >= -0x1p63 && value < 0x1p63 && std::trunc(value) == value) {
    return static_cast<std::int64_t>(value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> ValueSet::add(const Setting& value) {
  switch (value.kind()) {
    case Setting::Kind::null:
      null = true;
      return std::nullopt;
    case Setting::Kind::boolean:
      (value.boolean() ? yes : no) = true;
      return std::nullopt;
    case Setting::Kind::integer:
      integers.push_back(value.integer());
      return std::nullopt;
    case Setting::Kind::real:
      if (std::isnan(value.real())) return value.error("nan equals nothing, not even itself");
      if (const auto integer = whole(value.real())) {
        integers.push_back(*integer);
      } else {
        reals.push_back(value.real());
      }
      return std::nullopt;
    case Setting::Kind::string:
      strings.push_back(value.string());
      return std::nullopt;
    case Setting::Kind::list:
    case Setting::Kind::map:
      break;
  }
  return value.error("must be null, true, false, a number or text, not " + value.describe());
}

Result<ValueSet> ValueSet::parse_one(const Setting& value) {
  ValueSet set;
  if (value.is_list()) return value.error("must be one value; for several write `in`");
  if (auto error = set.add(value)) return *std::move(error);
  return set;
}

Result<ValueSet> ValueSet::parse_list(const Setting& values) {
  ValueSet set;
  if (!values.is_list() || values.items().empty()) {
    return values.error("must be a list of values, like [ERROR, FATAL]");
  }
  for (const Setting& item : values.items()) {
    if (auto error = set.add(item)) return *std::move(error);
  }
  std::sort(set.integers.begin(), set.integers.end());
  std::sort(set.reals.begin(), set.reals.end());
  std::sort(set.strings.begin(), set.strings.end());
  return set;
}

bool ValueSet::has_integer(std::int64_t value) const {
  return std::binary_search(integers.begin(), integers.end(), value);
}

bool ValueSet::has_number(double value) const {
  if (const auto integer = whole(value)) return has_integer(*integer);
  return !std::isnan(value) && std::binary_search(reals.begin(), reals.end(), value);
}

bool ValueSet::has(const Value& value) const {
  switch (value.kind()) {
    case ValueKind::null:
      return null;
    case ValueKind::boolean:
      return *value.as_bool() ? yes : no;
    case ValueKind::int64:
      return has_integer(*value.as_int64());
    case ValueKind::uint64:
    case ValueKind::real:
      return has_number(*value.as_double());
    case ValueKind::string:
      return std::binary_search(strings.begin(), strings.end(), value.text(),
                                [](std::string_view a, std::string_view b) { return a < b; });
    default:
      return false;
  }
}

Result<Range> Range::parse(const Setting& setting) {
  const auto& ends = setting.items();
  if (!setting.is_list() || ends.size() != 2 || (ends[0].is_null() && ends[1].is_null())) {
    return setting.error("must be [least, most]; one of them may be null");
  }
  Range range;
  if (!ends[0].is_null()) {
    const auto number = ends[0].as_number(-HUGE_VAL, HUGE_VAL);
    if (!number) return number.error();
    range.least = *number;
    if (ends[0].kind() == Setting::Kind::integer) range.least_integer = ends[0].integer();
  }
  if (!ends[1].is_null()) {
    const auto number = ends[1].as_number(-HUGE_VAL, HUGE_VAL);
    if (!number) return number.error();
    range.most = *number;
    if (ends[1].kind() == Setting::Kind::integer) range.most_integer = ends[1].integer();
  }
  if (range.least > range.most) return setting.error("is empty: the smaller number comes first");
  return range;
}

bool Range::has(const Value& value) const {
  const auto number = value.as_double();
  if (!number) return false;
  if (const auto integer = value.as_int64()) {
    return (least_integer ? *integer >= *least_integer : *number >= least) &&
           (most_integer ? *integer <= *most_integer : *number <= most);
  }
  return *number >= least && *number <= most;
}

Result<std::vector<Cidr>> parse_cidrs(const Setting& operand) {
  const auto check = [](const Setting& item) -> Result<Cidr> {
    const auto prefix = item.is_string() ? parse_cidr(item.string()) : std::nullopt;
    if (prefix) return *prefix;
    return item.error("must be an address or a prefix like 10.0.0.0/8 or 2001:db8::/32, not " +
                      item.describe());
  };
  std::vector<Cidr> prefixes;
  if (!operand.is_list()) {
    const auto prefix = check(operand);
    if (!prefix) return prefix.error();
    return std::vector<Cidr>{*prefix};
  }
  if (operand.items().empty()) return operand.error("must have at least one prefix");
  for (const Setting& item : operand.items()) {
    const auto prefix = check(item);
    if (!prefix) return prefix.error();
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

}  // namespace logbraid
