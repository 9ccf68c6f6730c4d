// The agent as a process: a file of JSON lines of 380 bytes through five cheap enrichers into a
// file, beside a process that does nothing but the same by hand (benchmarks/baseline/
// single_purpose.h). The outputs of both, and of the agent in sequence, are compared first.
#include <benchmark/benchmark.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/baseline/five_cheap.h"
#include "benchmarks/support/measured_run.h"
#include "benchmarks/support/rounds.h"
#include "benchmarks/support/timed_process.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::bench {
namespace {

constexpr std::size_t kChunk = 20'000;  // lines that differ; then they come again

std::size_t lines_of_a_run() { return full_or_smoke<std::size_t>(1'000'000, 2'000); }

// What five_cheap_plan() makes, as a user writes it.
constexpr const char* kConfiguration = R"(
source: {type: file, paths: [in.jsonl], format: json}
enrichers:
  - {name: static, type: static, fields: {version: 1.4.2, region: eu-west}}
  - {name: table, type: table, file: networks.csv, key: network, match: cidr, input: client_ip,
     output: net, duplicates: last}
  - name: classify
    type: classify
    rules:
      - {when: {field: status, range: [500, 599]}, set: {class: error, score: 5}}
      - {when: {field: path, prefix: /api/}, set: {class: api, score: 1}}
    default: {class: page, score: 0}
  - {name: url, type: url, input: path, output: url}
  - {name: hash, type: hash, input: user, output: user_hash}
sink: {type: file, path: out/out.jsonl}
)";

struct Digest {
  std::size_t lines = 0;
  XXH64_hash_t hash = 0;
  bool operator==(const Digest&) const = default;
};

// A folder with the configuration and its input; the output has one of its own.
class Workplace {
 public:
  explicit Workplace(std::size_t lines) : lines_(lines) {
    folder_.file("pipeline.yaml", kConfiguration);
    folder_.file("out/none", "");
    write_networks(networks_, folder_ / "networks.csv");
    std::ofstream in(folder_ / "in.jsonl", std::ios::binary);
    const std::string chunk = make_lines(std::min(lines, kChunk));
    for (std::size_t written = 0; written < lines; written += std::min(lines, kChunk)) in << chunk;
    in.close();
    require(in.good() && lines % std::min(lines, kChunk) == 0, "the input is written");
  }

  TimedProcess run_agent(const std::vector<std::string>& more = {}, bool only_first = false) const {
    std::vector<std::string> command = {LOGBRAID_AGENT, "run", "--quiet",
                                        folder_ / "pipeline.yaml"};
    command.insert(command.end(), more.begin(), more.end());
    std::filesystem::remove(output());
    return timed_process(command, {.watched = folder_ / "out", .only_first_output = only_first});
  }

  // CPU seconds of a process that does it by hand.
  double run_by_hand() const {
    std::filesystem::remove(output());
    const pid_t pid = ::fork();
    require(pid >= 0, "fork");
    if (pid == 0) ::_exit(by_hand() ? 0 : 1);
    const auto [status, cpu_seconds] = wait_for_end(pid);
    require(status == 0, "the loop failed");
    return cpu_seconds;
  }

  Digest digest() const {
    Digest digest;
    std::ifstream out(output(), std::ios::binary);
    std::string line;
    while (std::getline(out, line)) {
      ++digest.lines;
      digest.hash = digest.hash * 31 + XXH3_64bits(line.data(), line.size());
    }
    require(digest.lines == lines_, "a line is missing");
    return digest;
  }
  std::uintmax_t output_size() const { return std::filesystem::file_size(output()); }
  double lines() const { return static_cast<double>(lines_); }

 private:
  std::string output() const { return folder_ / "out/out.jsonl"; }

  bool by_hand() const {
    constexpr std::size_t kPiece = 64 * 1024;
    SinglePurpose loop(networks_);
    Batch batch;
    batch.reserve(kPiece);
    std::ifstream in(folder_ / "in.jsonl", std::ios::binary);
    std::ofstream out(output(), std::ios::binary);
    std::string rest;  // the beginning of a line
    std::string text;
    std::vector<char> piece(kPiece);
    while (in.read(piece.data(), static_cast<std::streamsize>(kPiece - rest.size())) ||
           in.gcount() > 0) {
      const std::string_view read(piece.data(), static_cast<std::size_t>(in.gcount()));
      const std::size_t whole = read.rfind('\n') + 1;
      batch.reset();
      std::memcpy(batch.buffer(), rest.data(), rest.size());
      std::memcpy(batch.buffer() + rest.size(), read.data(), whole);
      batch.set_size(rest.size() + whole);
      rest = read.substr(whole);
      text.clear();
      loop.process(batch, text);
      out << text;
    }
    out.close();
    return out.good() && rest.empty();
  }

  const std::size_t lines_;
  const std::vector<Network> networks_ = make_networks();
  const test::TemporaryDirectory folder_;
};

void agent_file_to_file(benchmark::State& state) {
  const Workplace work(lines_of_a_run());
  work.run_by_hand();
  const Digest right = work.digest();
  const std::uintmax_t size = work.output_size();
  work.run_agent({"--set", "execution.mode=sequential"});
  require(work.digest() == right, "the agent in sequence and the loop differ");
  work.run_agent();
  require(work.digest() == right, "the agent and the loop differ");
  std::vector<double> rates;
  std::vector<double> by_hand;
  std::vector<double> ratios;
  double cores = 0;
  double peak = 0;
  for (auto _ : state) {
    for (int round = 0; round < full_or_smoke(5, 1); ++round) {
      const TimedProcess used = work.run_agent();
      require(work.output_size() == size, "output is missing");
      rates.push_back(work.lines() / used.cpu_seconds);
      cores = used.cpu_seconds / used.seconds;
      peak = std::max(peak, used.peak_mib);
      by_hand.push_back(work.lines() / work.run_by_hand());
      ratios.push_back(rates.back() / by_hand.back());
    }
  }
  require(full_or_smoke(peak > 0, true), "its memory was seen");
  // Of a tenth of the input, to see whether memory grows with it.
  const Workplace tenth(lines_of_a_run() / 10);
  state.counters["peak_MiB_of_a_tenth"] = tenth.run_agent().peak_mib;
  state.counters["peak_MiB"] = peak;
  state.counters["events/cpu_s"] = median(rates);
  state.counters["least"] = *std::ranges::min_element(rates);
  state.counters["most"] = *std::ranges::max_element(rates);
  state.counters["by_hand/cpu_s"] = median(by_hand);
  state.counters["throughput_ratio"] = median(ratios);
  state.counters["agent_cores"] = cores;
}
BENCHMARK(agent_file_to_file)->Iterations(1)->Unit(benchmark::kMillisecond);

// Beside it, a process that only says something: what starting one takes.
void agent_first_output(benchmark::State& state) {
  const Workplace work(lines_of_a_run() / 10);
  work.run_agent();
  work.digest();
  const test::TemporaryDirectory folder;
  const std::string out = folder / "out";
  std::vector<double> ours;
  std::vector<double> baseline;
  for (auto _ : state) {
    for (int start = 0; start < full_or_smoke(21, 3); ++start) {
      ours.push_back(work.run_agent({}, true).first_output_ms);
      std::filesystem::remove(out);
      baseline.push_back(
          timed_process({"/bin/sh", "-c", "echo x > \"$1\"", "sh", out},
                        {.watched = folder.path().string(), .only_first_output = true})
              .first_output_ms);
    }
  }
  state.counters["first_output_ms"] = median(ours);
  state.counters["least"] = *std::ranges::min_element(ours);
  state.counters["most"] = *std::ranges::max_element(ours);
  state.counters["a_shell_ms"] = median(baseline);
}
BENCHMARK(agent_first_output)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace logbraid::bench
