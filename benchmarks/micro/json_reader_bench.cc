// The JSON reader against simdjson's DOM, line by line, over the same lines in the same process.
//
// `ratio` is the median over rounds in which both ran one after the other, so that what else the
// machine does falls on both alike. Below 1 the reader is faster.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "format/json_reader.h"

namespace logbraid {
namespace {

constexpr std::size_t kLineSize = 382;  // without the line end
constexpr std::size_t kBatchSize = 64 * 1024;
constexpr std::size_t kBatches = 8;  // more text than the nearest cache holds
constexpr int kRounds = 41;

// Lines of a web service: 14 fields, some nested, an escape in one of four; exactly kLineSize long.
std::vector<std::string> make_lines(std::size_t count) {
  std::mt19937 random(20240501);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const char* const levels[] = {"debug", "info", "warning", "error"};
  const char* const methods[] = {"GET", "POST", "PUT", "DELETE"};
  std::vector<std::string> lines;
  char text[1024];
  for (std::size_t i = 0; i < count; ++i) {
    const int size = std::snprintf(
        text, sizeof text,
        R"({"timestamp":"2024-05-%02uT%02u:%02u:%02u.%06uZ","level":"%s","service":"checkout",)"
        R"("host":"web-%03u","client_ip":"203.0.%u.%u","method":"%s","path":"/api/v2/orders/%u?page=%u",)"
        R"("status":%u,"bytes":%u,"duration_ms":%u.%03u,"user":{"id":%u,"plan":"gold","tags":["a","b%u"]},)"
        R"("trace_id":"%08lx%08lx","cached":%s,"message":"%s)",
        1 + below(28), below(24), below(60), below(60), below(1000000), levels[below(4)], below(50),
        below(256), below(256), methods[below(4)], below(1000000), below(20), 200 + below(300),
        below(1000000), below(5000), below(1000), below(10000000), below(10),
        static_cast<unsigned long>(random()), static_cast<unsigned long>(random()),
        below(2) == 0 ? "true" : "false",
        below(4) == 0 ? R"(could not find \"item\": )" : "order was accepted: ");
    std::string line(text, static_cast<std::size_t>(size));
    line.append(kLineSize - line.size() - 2, 'x');
    lines.push_back(line + "\"}");
  }
  return lines;
}

struct Input {
  std::vector<std::string> batches;     // whole lines, with the padding simdjson needs behind them
  std::vector<std::string_view> lines;  // within the batches
};

const Input& input() {
  static const Input made = [] {
    Input in;
    const std::size_t per_batch = kBatchSize / (kLineSize + 1);
    const std::vector<std::string> lines = make_lines(per_batch * kBatches);
    for (std::size_t b = 0; b < kBatches; ++b) {
      std::string text;
      for (std::size_t i = 0; i < per_batch; ++i) text += lines[b * per_batch + i] + "\n";
      text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
      in.batches.push_back(std::move(text));
    }
    for (const std::string& text : in.batches) {
      for (std::size_t at = 0; at < text.size(); at += kLineSize + 1) {
        in.lines.emplace_back(text.data() + at, kLineSize);
      }
    }
    return in;
  }();
  return made;
}

void fill(Batch& batch, std::string_view text) {
  batch.reset();
  batch.reserve(kBatchSize);
  std::memcpy(batch.buffer(), text.data(), text.size());
  batch.set_size(text.size());
}

[[noreturn]] void disagree(std::string_view line, std::string_view why) {
  std::fprintf(stderr, "wrong result: %.*s\n%.*s\n", static_cast<int>(why.size()), why.data(),
               static_cast<int>(line.size()), line.data());
  std::abort();
}

bool same(const Value& ours, simdjson::dom::element theirs) {
  switch (theirs.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return ours.is_null();
    case simdjson::dom::element_type::BOOL:
      return ours.as_bool() == theirs.get_bool().value();
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      return ours.as_double() == theirs.get_double().value();
    case simdjson::dom::element_type::STRING:
      return ours.as_string() == theirs.get_string().value();
    case simdjson::dom::element_type::OBJECT:
      return ours.is_object() && ours.text() == simdjson::minify(theirs);
    case simdjson::dom::element_type::ARRAY:
      return ours.is_array() && ours.text() == simdjson::minify(theirs);
  }
  return false;
}

// Each field put together again gives the line, and the DOM has the same keys and values.
void check(const Record& record, std::string_view line, simdjson::dom::parser& parser) {
  if (record.malformed() || record.line != line) disagree(line, "refused");
  std::string again = "{";
  Arena arena;
  const simdjson::dom::object object = parser.parse(line.data(), line.size()).get_object();
  auto member = object.begin();
  for (const Field& field : record.event.fields()) {
    if (again.size() > 1) again += ',';
    again += '"';
    again += field.key_text();
    again += "\":";
    if (field.token == Token::string) again += '"';
    again += field.raw_text();
    if (field.token == Token::string) again += '"';
    if (member == object.end() || member.key() != unescape_json(field.key_text(), arena) ||
        !same(decode(field, arena), member.value())) {
      disagree(line, "the DOM has another field");
    }
    ++member;
  }
  if (member != object.end()) disagree(line, "the DOM has more fields");
  if (again + "}" != line) disagree(line, "spans do not make the line");
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// CPU time of this thread: what else the machine runs does not count.
double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class F>
double seconds(F&& work) {
  const double start = now();
  work();
  return now() - start;
}

void against_dom(benchmark::State& state) {
  const Input& in = input();
  JsonReader reader;
  simdjson::dom::parser parser;
  if (parser.allocate(kLineSize) != simdjson::SUCCESS) disagree("", "no memory");
  std::vector<Batch> batches(kBatches);
  std::size_t checked = 0;
  for (std::size_t b = 0; b < kBatches; ++b) {
    fill(batches[b], in.batches[b]);
    reader.read(batches[b]);
    for (const Record& record : batches[b].records()) {
      check(record, in.lines[checked++], parser);
    }
  }
  if (checked != in.lines.size()) disagree("", "lines are missing");

  const auto read_all = [&] {
    for (Batch& batch : batches) {
      batch.records().clear();
      batch.arena().reset();
      reader.read(batch);
      benchmark::DoNotOptimize(batch.records().data());
    }
  };
  const auto parse_all = [&] {
    for (const std::string_view line : in.lines) {
      // Whoever wants a field of it must look into the result.
      simdjson::dom::element element;
      if (parser.parse(line.data(), line.size(), false).get(element) != simdjson::SUCCESS) {
        disagree(line, "the DOM refuses it");
      }
      benchmark::DoNotOptimize(element);
    }
  };

  std::vector<double> ratios;
  std::vector<double> ours;
  std::vector<double> theirs;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      // Each goes first as often as the other.
      const bool dom_first = round % 2 == 0;
      double dom = dom_first ? seconds(parse_all) : 0;
      const double own = seconds(read_all);
      if (!dom_first) dom = seconds(parse_all);
      ours.push_back(own);
      theirs.push_back(dom);
      ratios.push_back(own / dom);
    }
  }
  const auto lines = static_cast<double>(in.lines.size());
  state.counters["reader_ns_per_line"] = median(ours) / lines * 1e9;
  state.counters["dom_ns_per_line"] = median(theirs) / lines * 1e9;
  state.counters["ratio"] = median(ratios);
  std::sort(ratios.begin(), ratios.end());
  state.counters["ratio_p10"] = ratios[ratios.size() / 10];
  state.counters["ratio_p90"] = ratios[ratios.size() * 9 / 10];
}
BENCHMARK(against_dom)->Iterations(5)->Unit(benchmark::kMillisecond);

// Batches of 64 KiB; the argument is how many lines in a thousand have an open string.
void batches_with_bad_lines(benchmark::State& state) {
  const Input& in = input();
  std::mt19937 random(7);
  std::vector<Batch> batches(kBatches);
  std::size_t bad = 0;
  for (std::size_t b = 0; b < kBatches; ++b) {
    fill(batches[b], in.batches[b]);
    for (std::size_t at = 0; at < in.batches[b].size(); at += kLineSize + 1) {
      if (random() % 1000 >= static_cast<unsigned>(state.range(0))) continue;
      batches[b].buffer()[at + kLineSize - 2] = 'x';  // the last closing quote
      ++bad;
    }
  }
  JsonReader reader;
  std::size_t refused = 0;
  const auto read_all = [&] {
    for (Batch& batch : batches) {
      batch.records().clear();
      batch.arena().reset();
      reader.read(batch);
    }
  };
  read_all();
  for (const Batch& batch : batches) {
    for (const Record& record : batch.records()) refused += record.malformed();
  }
  if (refused != bad) disagree("", "another number of lines is refused");

  for (auto _ : state) read_all();
  // Shown with the suffix "s": seconds a line.
  state.counters["per_line"] = benchmark::Counter(
      static_cast<double>(in.lines.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.SetBytesProcessed(
      static_cast<std::int64_t>(state.iterations() * in.lines.size() * (kLineSize + 1)));
}
BENCHMARK(batches_with_bad_lines)->Arg(0)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace logbraid
