// The reader of access logs over batches of 64 KiB. `ratio` is its CPU time over that of the least
// such a reader could do: check UTF-8 and find the line ends.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "format/combined_reader.h"
#include "format/lines.h"
#include "format/structural_index.h"

namespace logbraid {
namespace {

constexpr std::size_t kBatchSize = 64 * 1024;
constexpr std::size_t kBatches = 8;
constexpr int kRounds = 41;

struct Line {
  std::string text;
  std::string path;
  std::string status;
};

// Lines of a small web site.
Line make_line(std::mt19937& random) {
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  Line line;
  line.path = "/articles/" + std::to_string(below(100000)) + "?page=" + std::to_string(below(9));
  line.status = below(10) == 0 ? "404" : "200";
  char text[512];
  std::snprintf(
      text, sizeof text,
      R"(203.0.%u.%u - - [%02u/May/2024:%02u:%02u:%02u +0000] "GET %s HTTP/1.1" %s %u "%s" )"
      R"("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.0.0")",
      below(256), below(256), 1 + below(28), below(24), below(60), below(60), line.path.c_str(),
      line.status.c_str(), below(1000000), below(3) == 0 ? "-" : "https://www.example.org/news",
      90 + below(40));
  line.text = text;
  return line;
}

[[noreturn]] void wrong(std::string_view line) {
  std::fprintf(stderr, "wrong result: %.*s\n", static_cast<int>(line.size()), line.data());
  std::abort();
}

std::string_view text_of(const Event& event, const FieldPath& path) {
  const Field* field = event.find(path.view().front());
  return field == nullptr ? std::string_view() : field->raw_text();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// CPU time of this thread.
double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void against_line_ends(benchmark::State& state) {
  std::mt19937 random(11);
  std::vector<Batch> batches(kBatches);
  CombinedReader reader;
  const FieldPath path("path");
  const FieldPath status("status");
  std::size_t lines = 0;
  for (Batch& batch : batches) {
    std::vector<Line> made;
    std::string text;
    for (;;) {
      Line line = make_line(random);
      if (text.size() + line.text.size() + 1 > kBatchSize) break;
      text += line.text + "\n";
      made.push_back(std::move(line));
    }
    batch.reserve(kBatchSize);
    std::memcpy(batch.buffer(), text.data(), text.size());
    batch.set_size(text.size());
    reader.read(batch);
    if (batch.records().size() != made.size()) wrong("lines are missing");
    for (std::size_t i = 0; i < made.size(); ++i) {
      const Record& record = batch.records()[i];
      if (record.malformed() || record.line != made[i].text ||
          text_of(record.event, path) != made[i].path ||
          text_of(record.event, status) != made[i].status) {
        wrong(made[i].text);
      }
    }
    lines += made.size();
  }

  std::vector<double> ratios;
  std::vector<double> ours;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      const double start = now();
      for (Batch& batch : batches) {
        batch.records().clear();
        batch.arena().reset();
        reader.read(batch);
      }
      const double middle = now();
      for (const Batch& batch : batches) {
        std::size_t size = is_utf8(batch.text()) ? 1 : 0;
        Lines ends(batch.text());
        for (std::string_view line; ends.next(line);) size += line.size();
        benchmark::DoNotOptimize(size);
      }
      ours.push_back(middle - start);
      ratios.push_back((middle - start) / (now() - middle));
    }
  }
  state.counters["reader_ns_per_line"] = median(ours) / static_cast<double>(lines) * 1e9;
  state.counters["ratio"] = median(ratios);
}
BENCHMARK(against_line_ends)->Iterations(5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid
