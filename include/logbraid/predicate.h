#pragma once

#include <memory>
#include <vector>

#include "logbraid/path.h"
#include "logbraid/result.h"

namespace logbraid {

class EventView;
class Setting;

// A condition on an event: the one language of `when`, everywhere it may stand.
//
//   {field: status, equals: 500}            {field: path, prefix: /api/}
//   {field: level, in: [ERROR, FATAL]}      {field: client_ip, cidr: [10.0.0.0/8, ::1]}
//   {field: status, range: [500, 599]}      {field: user.id, exists: true}
//   {field: path, regex: "^/v[0-9]+/"}      {all: [...]}  {any: [...]}  {not: {...}}
//
// equals, in: null, booleans, numbers by value (1 equals 1.0), strings exactly; objects and arrays
// equal nothing. range: numbers, both ends inclusive, either end may be null. prefix, regex (RE2,
// searched anywhere), cidr: strings only, false for all else. Several tests in one map must all
// hold. An absent field fails every test but `exists: false`; `not` turns any test around.
//
// Threads: immutable; copies share one state.
// Cost:    no allocation; a regular expression runs in time linear in the field.
class Predicate {
 public:
  Predicate();  // always true
  static Result<Predicate> parse(const Setting& setting);

  bool operator()(const EventView& event) const;
  // What it reads: counts as the enricher's reads.
  const std::vector<FieldPath>& reads() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace logbraid
