#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

// How benchmarks here compare: both sides in turn, round by round, so that what else the machine
// does falls on both alike; the median of the rounds' ratios is what counts.
namespace logbraid::bench {

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Seconds this thread has spent on a core.
inline double thread_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Compared {
  double first = 0;   // median seconds
  double second = 0;  // median seconds
  double ratio = 0;   // median of first / second
  double least = 0;   // of the ratios
  double most = 0;
};

// Times two pieces of work in turn; `clock` gives seconds.
template <class First, class Second>
Compared compare(int rounds, double (*clock)(), First&& first, Second&& second) {
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const double start = clock();
    first();
    const double between = clock();
    second();
    const double end = clock();
    a.push_back(between - start);
    b.push_back(end - between);
    ratios.push_back(a.back() / b.back());
  }
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  return {median(a), median(b), median(ratios), *least, *most};
}

// A benchmark whose result is wrong measures nothing.
inline void require(bool right, std::string_view what) {
  if (right) return;
  std::fprintf(stderr, "wrong result: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace logbraid::bench
