#include "plan/picture_layout.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

namespace logbraid {
namespace {

constexpr std::uint32_t kMaxRows = 12;  // boxes of a group in one column
constexpr double kBoxGap = 16, kLaneHeight = 6, kLaneGap = 10;
constexpr double kColumnGap = 64, kMaxColumnGap = 150, kGapPerWire = 5;
constexpr int kOrderSweeps = 8, kPlaceSweeps = 12;

// A box or a lane in a column.
struct Item {
  std::uint32_t column = 0;
  std::uint32_t node = 0;  // of a lane: where it comes from
  bool is_lane = false;
  double middle = 0;
  std::vector<std::uint32_t> before, after;  // items in the neighbouring columns

  double height() const { return is_lane ? kLaneHeight : PictureLayout::kBoxHeight; }
};

double gap(const Item& a, const Item& b) { return a.is_lane || b.is_lane ? kLaneGap : kBoxGap; }

// Layered drawing after Sugiyama: lanes as items of their own, order by the mean of the neighbours,
// then places as near to the neighbours as the order lets.
class Layers {
 public:
  explicit Layers(std::vector<std::vector<std::uint32_t>> columns, std::vector<Item> items)
      : columns_(std::move(columns)), items_(std::move(items)) {}

  void arrange() {
    stack();
    for (int sweep = 0; sweep < kOrderSweeps; ++sweep) {
      for_each_column(sweep, [&](auto& column, bool forward) { order(column, forward); });
    }
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) {
      for_each_column(sweep, [&](auto& column, bool forward) {
        place(column, sweep + 2 < kPlaceSweeps ? (forward ? kBefore : kAfter) : kBefore | kAfter);
      });
    }
  }
  const std::vector<Item>& items() const { return items_; }

 private:
  static constexpr int kBefore = 1, kAfter = 2;

  template <class Visit>
  void for_each_column(int sweep, Visit visit) {
    const bool forward = sweep % 2 == 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      visit(columns_[forward ? i : columns_.size() - 1 - i], forward);
    }
  }

  // One below the other, the columns' middles on one line.
  void stack() {
    for (auto& column : columns_) {
      restack(column);
    }
  }
  void restack(const std::vector<std::uint32_t>& column) {
    double y = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
      Item& item = items_[column[i]];
      if (i != 0) y += gap(items_[column[i - 1]], item);
      item.middle = y + item.height() / 2;
      y += item.height();
    }
    for (const std::uint32_t at : column) items_[at].middle -= y / 2;
  }

  double wanted(const Item& item, int sides) const {
    double sum = 0;
    std::size_t count = 0;
    const auto add = [&](const std::vector<std::uint32_t>& neighbours) {
      for (const std::uint32_t n : neighbours) sum += items_[n].middle;
      count += neighbours.size();
    };
    if ((sides & kBefore) != 0) add(item.before);
    if ((sides & kAfter) != 0) add(item.after);
    return count == 0 ? item.middle : sum / static_cast<double>(count);
  }

  void order(std::vector<std::uint32_t>& column, bool forward) {
    std::vector<std::pair<double, std::uint32_t>> keys;
    for (const std::uint32_t at : column) {
      keys.emplace_back(wanted(items_[at], forward ? kBefore : kAfter), at);
    }
    std::stable_sort(keys.begin(), keys.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < keys.size(); ++i) column[i] = keys[i].second;
    restack(column);
  }

  // The places nearest to those wanted that keep order and distance: neighbours that would overlap
  // form a block that stands at the mean of what its members want.
  void place(const std::vector<std::uint32_t>& column, int sides) {
    struct Block {
      double sum;  // of wanted places, each less its offset in the block
      std::size_t count;
      double start() const { return sum / static_cast<double>(count); }
    };
    std::vector<Block> blocks;
    std::vector<double> offsets;  // of each item from the column's first, packed
    double offset = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const Item& item = items_[column[i]];
      if (i != 0) {
        const Item& above = items_[column[i - 1]];
        offset += (above.height() + item.height()) / 2 + gap(above, item);
      }
      offsets.push_back(offset);
      blocks.push_back({wanted(item, sides) - offset, 1});
      while (blocks.size() > 1 && blocks[blocks.size() - 2].start() > blocks.back().start()) {
        blocks[blocks.size() - 2].sum += blocks.back().sum;
        blocks[blocks.size() - 2].count += blocks.back().count;
        blocks.pop_back();
      }
    }
    std::size_t i = 0;
    for (const Block& block : blocks) {
      for (std::size_t n = 0; n < block.count; ++n, ++i) {
        items_[column[i]].middle = block.start() + offsets[i];
      }
    }
    draw_near(column, offsets);
  }

  // What nothing pulls to a place stands beside its neighbour.
  void draw_near(const std::vector<std::uint32_t>& column, const std::vector<double>& offsets) {
    const auto alone = [&](std::size_t i) {
      return items_[column[i]].before.empty() && items_[column[i]].after.empty();
    };
    std::size_t first = 0;  // that something pulls
    while (first < column.size() && alone(first)) ++first;
    if (first == column.size()) return;
    for (std::size_t i = first; i-- > 0;) {
      items_[column[i]].middle = items_[column[i + 1]].middle - (offsets[i + 1] - offsets[i]);
    }
    for (std::size_t i = first + 1; i < column.size(); ++i) {
      if (!alone(i)) continue;
      items_[column[i]].middle = items_[column[i - 1]].middle + (offsets[i] - offsets[i - 1]);
    }
  }

  std::vector<std::vector<std::uint32_t>> columns_;
  std::vector<Item> items_;
};

// One arrow: the items it passes, from box to box.
struct Route {
  std::vector<std::uint32_t> items;
  const PlanEdge* edge;
  bool declared;
};

}  // namespace

PictureLayout::PictureLayout(const ExecutionPlan& plan, std::uint32_t count, double width_of_box)
    : box_width(width_of_box) {
  std::vector<std::vector<std::uint32_t>> column_items;
  std::vector<Item> items(count);
  for (std::uint32_t level = 0; level < plan.groups().size(); ++level) {
    const auto& group = plan.groups()[level];
    const auto size = static_cast<std::uint32_t>(
        std::count_if(group.begin(), group.end(), [&](std::uint32_t n) { return n < count; }));
    const std::uint32_t parts = (size + kMaxRows - 1) / kMaxRows;
    for (std::uint32_t part = 0; part < parts; ++part) {
      auto& column = column_items.emplace_back();
      for (std::uint32_t i = part * size / parts; i < (part + 1) * size / parts; ++i) {
        items[group[i]].column = static_cast<std::uint32_t>(columns.size());
        items[group[i]].node = group[i];
        column.push_back(group[i]);  // a box's item has the number of its node
      }
      columns.push_back({level, 0});
    }
  }

  std::vector<Route> routes;
  std::map<std::tuple<std::uint32_t, std::uint32_t, bool>, std::uint32_t> lanes;
  for (const PlanEdge& edge : plan.edges()) {
    if (edge.from >= count || edge.to >= count) continue;
    const bool declared = !edge.because.starts_with("reads ");
    Route route{{edge.from}, &edge, declared};
    for (std::uint32_t column = items[edge.from].column + 1; column < items[edge.to].column;
         ++column) {
      const auto [lane, is_new] = lanes.try_emplace({edge.from, column, declared},
                                                    static_cast<std::uint32_t>(items.size()));
      if (is_new) {
        Item item;
        item.column = column;
        item.node = edge.from;
        item.is_lane = true;
        column_items[column].push_back(lane->second);
        items.push_back(item);
      }
      route.items.push_back(lane->second);
    }
    route.items.push_back(edge.to);
    for (std::size_t i = 1; i < route.items.size(); ++i) {
      items[route.items[i - 1]].after.push_back(route.items[i]);
      items[route.items[i]].before.push_back(route.items[i - 1]);
    }
    routes.push_back(std::move(route));
  }
  Layers layers(std::move(column_items), std::move(items));
  layers.arrange();
  items = layers.items();

  double top = 0, bottom = 0;
  for (const Item& item : items) {
    top = std::min(top, item.middle - item.height() / 2);
    bottom = std::max(bottom, item.middle + item.height() / 2);
  }
  height = bottom - top;
  for (Item& item : items) item.middle -= top;

  // Wider where many wires cross.
  std::vector<std::size_t> crossing(columns.size(), 0);
  for (const Item& item : items) crossing[item.column] += item.before.size();
  double x = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (c != 0) {
      x += box_width +
           std::min(kMaxColumnGap, kColumnGap + kGapPerWire * static_cast<double>(crossing[c]));
    }
    columns[c].x = x;
  }
  width = columns.empty() ? 0 : x + box_width;
  for (std::uint32_t n = 0; n < count; ++n) {
    boxes.push_back({n, items[n].column, items[n].middle - kBoxHeight / 2});
  }

  // Arrows that end at one box come in one below the other, in the order of where they come from.
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> entry;  // (item before, box) -> y
  for (std::uint32_t n = 0; n < count; ++n) {
    std::vector<std::uint32_t> sources = items[n].before;
    std::sort(sources.begin(), sources.end(), [&](std::uint32_t a, std::uint32_t b) {
      return items[a].middle != items[b].middle ? items[a].middle < items[b].middle : a < b;
    });
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    const double room = kBoxHeight - 16;
    const double step =
        std::min(9.0, room / std::max<double>(1, static_cast<double>(sources.size())));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      entry[{sources[i], n}] =
          items[n].middle +
          step * (static_cast<double>(i) - (static_cast<double>(sources.size()) - 1) / 2);
    }
  }
  std::map<std::tuple<std::uint32_t, std::uint32_t, bool>, bool> drawn;
  for (const Route& route : routes) {
    for (std::size_t i = 1; i < route.items.size(); ++i) {
      const std::uint32_t a = route.items[i - 1], b = route.items[i];
      if (!drawn.try_emplace({a, b, route.declared}, true).second) continue;
      const bool arrives = !items[b].is_lane;
      const double to_x = columns[items[b].column].x;
      wires.push_back({{columns[items[a].column].x + box_width, items[a].middle},
                       {to_x, arrives ? entry[{a, b}] : items[b].middle},
                       route.declared,
                       arrives,
                       arrives ? to_x : to_x + box_width,
                       route.edge->because,
                       route.edge->from,
                       route.edge->to});
    }
  }
}

}  // namespace logbraid
