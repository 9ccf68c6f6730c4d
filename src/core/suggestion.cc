#include "core/suggestion.h"

#include <algorithm>
#include <vector>

namespace logbraid {
namespace {

// Longer names are typed by programs, and the time is quadratic.
constexpr std::size_t kLongestName = 64;
// A list longer than this helps nobody.
constexpr std::size_t kMostListed = 40;

// Letters to change, leave out, add or swap to come from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
      row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.size() > kLongestName) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
  std::string text;
  if (const std::string_view meant = nearest(name, candidates); !meant.empty()) {
    text.append("did you mean \"").append(meant).append("\"? ");
  }
  text += "allowed:";
  std::size_t listed = 0;
  for (const std::string_view candidate : candidates) {
    if (listed == kMostListed) {
      text += ", ...";
      break;
    }
    text.append(listed++ == 0 ? " " : ", ").append(candidate);
  }
  if (candidates.empty()) text += " nothing";
  return text;
}

}  // namespace logbraid
