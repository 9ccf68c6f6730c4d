#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logbraid/metadata.h"
#include "lookup/lookup_options.h"

namespace logbraid::test {

// How the code of a random enricher ends for one event.
enum class Ending : std::uint8_t {
  ok,
  no_match,
  error,
  bad_event,
  throws_exception,
  throws_int,
  huge,  // writes more than a patch may hold
};

// What a random enricher does to one event. Hanging calls end when they are told to stop; in the
// pool some go on to the end of the test.
struct Act {
  enum class Hang : std::uint8_t { no, until_told, to_the_end };
  Ending ending = Ending::ok;
  std::uint32_t failures_first = 0;  // attempts that fail before the one that ends so
  std::uint32_t delay = 0;           // async only, in the test's unit of time
  Hang hang = Hang::no;
};

// What a look-up does is the same for each event that asks for the same key; what the endings mean
// there, random_lookup.h says.

// One enricher of a random plan, as data: random_enricher.h makes one that behaves like it,
// reference_interpreter.h foretells what it does.
struct RandomNode {
  enum class Form : std::uint8_t { sync, batch, async, async_batch, lookup };

  std::string name;
  std::uint64_t seed = 0;
  Form form = Form::sync;
  Placement placement = Placement::inline_;
  int priority = 100;
  std::vector<std::string> dependencies;
  std::vector<std::string> required;
  std::vector<std::string> reads;  // declared; it looks at every field in any case
  bool declares_writes = false;
  std::string sets;             // a field that others set too; empty: none
  std::string removes;          // a field of the input; empty: none
  std::string when;             // a field that must exist; empty: none
  bool only_errors = false;     // min_level: ERROR
  bool condition_func = false;  // every third event is off
  bool fallback = false;
  bool fallback_on_no_match = false;
  OnFailure on_failure = OnFailure::pass;
  std::uint32_t retries = 0;
  std::optional<std::uint32_t> max_in_flight;
  std::uint32_t failing = 0;   // events in a hundred for which it does not end well
  bool hangs = false;          // has kHangLimit, and nothing of it waits that does not hang
  bool late = false;           // async: goes on for a while when it is told to stop
  bool always_throws = false;  // batches: at their end
  // Of a look-up: the fields that its key is made of, and how answers are kept and gathered.
  std::vector<std::string> key_fields;
  LookupOptions lookup;

  std::string own() const { return "out." + name; }  // the field that nobody else sets
  bool off_for(std::uint64_t event) const;           // by its conditions
  Act act(std::uint64_t event) const;
  // Of a look-up: for a key.
  Act act_for(std::string_view key) const;
};

// The limit of enrichers that hang. All others have one that nobody comes to, so that what ends in
// time does not depend on the machine.
inline constexpr Duration kHangLimit = std::chrono::milliseconds(5);

struct RandomPlan {
  std::uint64_t seed = 0;
  std::vector<RandomNode> nodes;

  const RandomNode& node(const std::string& name) const;
  // Every field that a node may set, in no order that matters.
  std::vector<std::string> fields() const;
  // What an event looks like when it is read: one JSON object, without a line end.
  static std::string event(std::uint64_t number);
};

// A plan of so many nodes without declared rings.
RandomPlan random_plan(std::uint64_t seed, std::size_t nodes);

// The behaviour of a random node under a given name, placement and all but its place in the graph.
RandomNode random_node(std::uint64_t seed, std::string name);

}  // namespace logbraid::test
