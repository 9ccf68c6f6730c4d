#include "tests/support/random_plan.h"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

namespace logbraid::test {
namespace {

using Random = std::mt19937_64;
using Form = RandomNode::Form;

const std::vector<std::string> kShared = {"s0", "s1", "s2", "deep.x", "deep.y", "deep"};
const std::vector<std::string> kOfInput = {"gone0", "gone1"};
// What keys are made of: a few values, one for each event, and what may be absent or an object.
const std::vector<std::string> kOfKeys = {"user", "user", "message", "s0", "s1", "deep.x", "deep"};

bool one_in(Random& random, std::uint64_t count) { return random() % count == 0; }

const std::string& any_of(Random& random, const std::vector<std::string>& texts) {
  return texts[random() % texts.size()];
}

// (splitmix64: a good bit pattern for neighbouring numbers)
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a + 0x9E3779B97F4A7C15u * (b + 1);
  x = (x ^ (x >> 30u)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27u)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31u);
}

void choose_form(Random& random, RandomNode& node) {
  node.placement = static_cast<Placement>(random() % 4);
  const bool many = one_in(random, 3);
  if (node.placement == Placement::async) {
    const bool looks_up = !many && one_in(random, 2);
    node.form = many ? Form::async_batch : looks_up ? Form::lookup : Form::async;
  } else {
    node.form = many ? Form::batch : Form::sync;
  }
}

void choose_troubles(Random& random, RandomNode& node) {
  const bool waits = node.placement == Placement::async || node.placement == Placement::pool;
  const bool many = node.form == Form::batch || node.form == Form::async_batch;
  node.failing = std::vector<std::uint32_t>{0, 10, 40, 100}[random() % 4];
  node.hangs = waits && one_in(random, 6);
  node.late = one_in(random, 2);
  node.always_throws = many && one_in(random, 8);
  const bool may_retry = node.placement != Placement::inline_ && node.form != Form::async_batch;
  if (may_retry && !node.hangs && one_in(random, 3)) {
    node.retries = 1 + static_cast<std::uint32_t>(random() % 3);
  }
  // One that hangs to the end never gives its place back.
  const bool keeps_place = node.hangs && node.placement == Placement::pool;
  if (waits && !keeps_place && one_in(random, 3)) {
    node.max_in_flight = 1 + static_cast<std::uint32_t>(random() % 3);
  }
}

void choose_fields(Random& random, RandomNode& node) {
  if (one_in(random, 3)) node.sets = any_of(random, kShared);
  if (one_in(random, 8)) node.removes = any_of(random, kOfInput);
  if (node.sets.empty() && one_in(random, 12)) node.sets = any_of(random, kOfInput);
  node.declares_writes = one_in(random, 2);
  node.fallback = one_in(random, 4);
  node.fallback_on_no_match = one_in(random, 2);
  node.only_errors = one_in(random, 10);
  node.condition_func = one_in(random, 10);
  if (one_in(random, 10)) {
    node.on_failure = one_in(random, 2) ? OnFailure::drop : OnFailure::dead_letter;
  }
}

Duration any_time(Random& random) {
  using namespace std::chrono_literals;
  return std::vector<Duration>{0ms, 2ms, 5min}[random() % 3];
}

void choose_lookup(Random& random, RandomNode& node) {
  node.removes.clear();
  node.key_fields = {any_of(random, kOfKeys)};
  if (one_in(random, 3)) node.key_fields.push_back(any_of(random, kOfKeys));
  LookupOptions& options = node.lookup;
  // An index of its own takes 5 KiB: the second has room for some ten answers, on one shard.
  options.cache_bytes = std::vector<std::size_t>{0, 6 * 1024, 32 * 1024 * 1024}[random() % 3];
  options.ttl = any_time(random);
  options.not_found_ttl = any_time(random);
  options.client_limit = 1 + static_cast<std::uint32_t>(random() % 16);
  options.adaptive = one_in(random, 3);
  if (one_in(random, 8)) options.rate = 400;
  if (one_in(random, 4)) options.refresh_ahead = 0.5;
  if (node.hangs) {
    // A key that has timed out is asked for again, and alone: else what becomes of it and of those
    // beside it would depend on the time.
    options.error_ttl = Duration::zero();
    return;
  }
  options.error_ttl = any_time(random);
  options.stale_if_error = any_time(random);
  if (one_in(random, 2)) return;
  options.max_batch = 2 + random() % 6;
  options.max_delay = std::chrono::milliseconds(random() % 3);
  options.on_batch_error = OnBatchError::split;
}

}  // namespace

bool RandomNode::off_for(std::uint64_t event) const {
  return (only_errors && event % 4 != 0) || (condition_func && mixed(seed, event) % 3 == 0);
}

Act RandomNode::act(std::uint64_t event) const {
  Random random(mixed(seed, event));
  Act act;
  if (random() % 100 < failing) {
    act.ending = static_cast<Ending>(1 + random() % 5);
    if (one_in(random, 40)) act.ending = Ending::huge;
  }
  const bool throws = act.ending == Ending::throws_exception || act.ending == Ending::throws_int;
  const bool many = form == Form::batch || form == Form::async_batch;
  // What one event throws would be an outcome of those beside it.
  if (many && throws) act.ending = Ending::error;
  if (hangs) {
    // A pool call takes time even if it does nothing, and a request for many is one call.
    const bool is_one_call = form == Form::async || form == Form::lookup;
    if (!is_one_call || one_in(random, 3)) act.hang = Act::Hang::until_told;
    if (placement == Placement::pool && event % 64 == 7) act.hang = Act::Hang::to_the_end;
    return act;
  }
  act.delay = static_cast<std::uint32_t>(random() % 20);
  if (!always_throws) act.failures_first = static_cast<std::uint32_t>(random() % (retries + 1));
  return act;
}

Act RandomNode::act_for(std::string_view key) const {
  std::uint64_t number = 14695981039346656037u;  // FNV-1a
  for (const char c : key) number = (number ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return act(number);
}

const RandomNode& RandomPlan::node(const std::string& name) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const RandomNode& each) { return each.name == name; });
  if (found == nodes.end()) throw std::runtime_error("no node " + name);
  return *found;
}

std::vector<std::string> RandomPlan::fields() const {
  std::vector<std::string> all = kShared;
  all.insert(all.end(), kOfInput.begin(), kOfInput.end());
  for (const RandomNode& node : nodes) all.push_back(node.own());
  return all;
}

std::string RandomPlan::event(std::uint64_t number) {
  const std::string text = std::to_string(number);
  std::string line = "{\"message\":\"" + text + "\",\"level\":\"";
  line += number % 4 == 0 ? "ERROR\",\"gone0\":\"a\"" : "INFO\",\"gone0\":\"a\"";
  line += ",\"user\":\"u" + std::to_string(number % 5) + "\"";
  if (number % 2 == 0) line += ",\"s0\":\"in\"";
  if (number % 3 == 0) line += ",\"deep\":{\"x\":\"in\",\"z\":\"in\"}";
  if (number % 3 == 1) line += ",\"deep\":\"flat\"";
  return line + ",\"gone1\":\"b\"}";
}

RandomNode random_node(std::uint64_t seed, std::string name) {
  Random random(seed);
  RandomNode node;
  node.name = std::move(name);
  node.seed = random();
  choose_form(random, node);
  choose_troubles(random, node);
  choose_fields(random, node);
  if (node.form == Form::lookup) choose_lookup(random, node);
  return node;
}

RandomPlan random_plan(std::uint64_t seed, std::size_t nodes) {
  Random random(seed);
  RandomPlan plan;
  plan.seed = seed;
  const std::uint64_t sparse = 1 + random() % nodes;  // from a clique to a few edges
  for (std::size_t i = 0; i < nodes; ++i) {
    RandomNode node = random_node(random(), "e" + std::to_string(i));
    node.priority = static_cast<int>(random() % 5) * 50;
    for (std::size_t from = 0; from < i; ++from) {
      if (!one_in(random, sparse + 1)) continue;
      (one_in(random, 4) ? node.required : node.dependencies).push_back("e" + std::to_string(from));
    }
    if (one_in(random, 20)) node.dependencies.emplace_back("not_enabled");
    const auto any_field = [&] {
      return one_in(random, 2) ? any_of(random, kShared)
                               : "out.e" + std::to_string(random() % nodes);
    };
    if (one_in(random, 3)) node.reads.push_back(any_field());
    if (one_in(random, 6)) node.when = any_field();
    const bool asks_for_others = node.form == Form::lookup && one_in(random, 3);
    if (asks_for_others) node.key_fields.front() = any_field();
    plan.nodes.push_back(std::move(node));
  }
  return plan;
}

}  // namespace logbraid::test
