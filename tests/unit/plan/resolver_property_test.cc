// Random graphs against the rule written down as plainly as it can be: all pairs, closures, and the
// naive way to sort.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/plan/scripted_plan.h"

namespace logbraid::test {
namespace {

using Matrix = std::vector<std::vector<bool>>;

Matrix square(std::size_t size) { return Matrix(size, std::vector<bool>(size, false)); }

Matrix closure(Matrix m) {
  for (std::size_t k = 0; k < m.size(); ++k) {
    for (std::size_t i = 0; i < m.size(); ++i) {
      for (std::size_t j = 0; j < m.size(); ++j) {
        if (m[i][k] && m[k][j]) m[i][j] = true;
      }
    }
  }
  return m;
}

bool reads_from(const Scripted& reader, const Scripted& writer) {
  for (const std::string& read : reader.reads) {
    for (const std::string& written : writer.writes) {
      if (overlap(FieldPath(read), FieldPath(written))) return true;
    }
  }
  return false;
}

struct Reference {
  bool has_ring = false;
  Matrix before;  // closure: row runs before column
  std::vector<std::vector<std::string>> groups;
};

// The first by (priority, listing) as early as what is declared lets it, then the second ...
std::vector<std::size_t> rank_of(const std::vector<Scripted>& all, const Matrix& declared) {
  std::vector<std::size_t> rank(all.size());
  std::vector<bool> placed(all.size(), false);
  for (std::size_t place = all.size(); place-- > 0;) {
    std::size_t last = all.size();
    for (std::size_t i = 0; i < all.size(); ++i) {
      bool free = !placed[i];
      for (std::size_t j = 0; j < all.size(); ++j) free = free && (placed[j] || !declared[i][j]);
      if (free && (last == all.size() || all[i].priority >= all[last].priority)) last = i;
    }
    rank[last] = place;
    placed[last] = true;
  }
  return rank;
}

Reference reference_of(const std::vector<Scripted>& all) {
  const std::size_t size = all.size();
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < size; ++i) index[all[i].name] = i;
  Matrix declared = square(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (const auto& name : all[i].dependencies) declared[index[name]][i] = true;
    for (const auto& name : all[i].required) declared[index[name]][i] = true;
  }
  Reference result;
  const Matrix declared_before = closure(declared);
  for (std::size_t i = 0; i < size; ++i) result.has_ring |= declared_before[i][i];
  if (result.has_ring) return result;

  const std::vector<std::size_t> rank = rank_of(all, declared_before);
  // Of two that read from each other, the first by rank goes first.
  Matrix pairs = square(size);
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = 0; b < size; ++b) {
      if (a == b || !reads_from(all[b], all[a])) continue;
      if (rank[a] < rank[b] || !reads_from(all[a], all[b])) pairs[a][b] = true;
    }
  }
  Matrix edges = declared;
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = 0; b < size; ++b) edges[a][b] = edges[a][b] || pairs[a][b];
  }
  // Of each ring, the first by rank goes first.
  Matrix kept = edges;
  for (std::size_t b = 0; b < size; ++b) {
    Matrix above = edges;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        if (rank[i] < rank[b] || rank[j] < rank[b]) above[i][j] = false;
      }
    }
    const Matrix reach = closure(above);
    for (std::size_t a = 0; a < size; ++a) {
      if (edges[a][b] && !declared[a][b] && reach[b][a]) kept[a][b] = false;
    }
  }
  result.before = closure(kept);
  for (std::size_t i = 0; i < size; ++i) EXPECT_FALSE(result.before[i][i]);

  std::vector<int> open(size, 0);
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = 0; b < size; ++b) open[b] += kept[a][b];
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < size; ++i) {
    if (open[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    std::stable_sort(ready.begin(), ready.end(), [&](std::size_t a, std::size_t b) {
      return all[a].priority < all[b].priority;
    });
    std::vector<std::size_t> next;
    auto& group = result.groups.emplace_back();
    for (const std::size_t a : ready) {
      group.push_back(all[a].name);
      for (std::size_t b = 0; b < size; ++b) {
        if (kept[a][b] && --open[b] == 0) next.push_back(b);
      }
    }
    ready = std::move(next);
  }
  return result;
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937 engine_;
};

std::vector<Scripted> random_graph(Random& random) {
  // Wholes, parts and neighbours.
  static const std::vector<std::string> kPaths = {"a",   "a.b", "a.b.c", "a.d",  "e",
                                                  "e.f", "g",   "h",     "h.i.j"};
  const std::size_t size = 2 + random.below(10);
  const std::size_t field_count = 1 + random.below(kPaths.size());
  const std::size_t density = random.below(4);
  std::vector<Scripted> all(size);
  std::vector<std::size_t> order(size);
  for (std::size_t i = 0; i < size; ++i) order[i] = i;
  for (std::size_t i = size; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
  for (std::size_t i = 0; i < size; ++i) {
    all[i].name = "e" + std::to_string(i);
    all[i].priority = static_cast<int>(random.below(4)) * 50;
    for (std::size_t n = random.below(3); n-- > 0;) {
      all[i].reads.push_back(kPaths[random.below(field_count)]);
    }
    for (std::size_t n = random.below(3); n-- > 0;) {
      all[i].writes.push_back(kPaths[random.below(field_count)]);
    }
  }
  // Declared against a random order, so that most graphs have no declared ring.
  for (std::size_t n = random.below(density * size + 1); n-- > 0;) {
    std::size_t a = random.below(size), b = random.below(size);
    if (random.below(40) != 0 && a == b) continue;
    if (random.below(40) != 0 && order[a] > order[b]) std::swap(a, b);
    auto& list = random.below(3) == 0 ? all[b].required : all[b].dependencies;
    list.push_back(all[a].name);
  }
  return all;
}

std::string text_of(const std::vector<Scripted>& all) {
  std::string text;
  const auto add = [&](const char* title, const std::vector<std::string>& list) {
    if (list.empty()) return;
    text += std::string(" ") + title;
    for (const std::string& item : list) text += " " + item;
  };
  for (const Scripted& one : all) {
    text += one.name + " (" + std::to_string(one.priority) + ")";
    add("after", one.dependencies);
    add("requires", one.required);
    add("reads", one.reads);
    add("writes", one.writes);
    text += "\n";
  }
  return text;
}

TEST(ResolverPropertyTest, random_graphs_resolve_as_the_plain_rule_says) {
  std::size_t rings = 0, cuts = 0, plans = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    const std::vector<Scripted> all = random_graph(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text_of(all));
    const Reference expected = reference_of(all);
    const auto plan = plan_of(all);
    ASSERT_EQ(plan.has_value(), !expected.has_ring) << (plan ? "" : plan.error().message);
    if (!plan) {
      ++rings;
      continue;
    }
    ++plans;
    cuts += !(*plan)->warnings().empty();
    ASSERT_EQ(group_names(**plan), expected.groups);
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < all.size(); ++i) index[all[i].name] = i;
    for (std::uint32_t a = 0; a < (*plan)->size(); ++a) {
      for (std::uint32_t b = 0; b < (*plan)->size(); ++b) {
        const std::size_t from = index[(**plan)[a].name], to = index[(**plan)[b].name];
        ASSERT_EQ((*plan)->is_ancestor(a, b), expected.before[from][to])
            << (**plan)[a].name << " before " << (**plan)[b].name;
      }
    }
    for (const PlanEdge& edge : (*plan)->edges()) {
      ASSERT_LT((**plan)[edge.from].level, (**plan)[edge.to].level);
    }
  }
  // What the graphs are made of, so that nobody makes them too tame to find anything.
  EXPECT_GT(rings, 50u);
  EXPECT_GT(cuts, 1000u);
  EXPECT_GT(plans, 3000u);
}

}  // namespace
}  // namespace logbraid::test
