#pragma once

#include <cstdint>
#include <vector>

#include "logbraid/plan.h"

namespace logbraid {

// Where everything stands in the picture of a plan. Columns from left to right; a group fills one
// or, where it is tall, several. An arrow that passes columns in between has a place of its own in
// each, between the boxes: arrows of one cause from one box share it.
//
// Pixels; x and y of a box are those of its upper left corner, y of a lane is its middle.
struct PictureLayout {
  static constexpr double kBoxHeight = 46;

  struct Box {
    std::uint32_t node;
    std::uint32_t column;
    double y = 0;
  };
  struct Point {
    double x, y;
  };
  // A way from a box or along a lane into the next column, drawn once whoever shares it.
  struct Wire {
    Point from, to;
    bool declared;
    bool arrives;              // at a box, with an arrow head
    double straight_to;        // x: where the lane through the column at `to` ends; arrives: to.x
    std::string_view because;  // of an arriving one
    std::uint32_t source, target;
  };
  struct Column {
    std::uint32_t group;
    double x = 0;
  };

  // The first `count` nodes of the plan; `box_width` pixels a box.
  PictureLayout(const ExecutionPlan& plan, std::uint32_t count, double box_width);

  double box_width;
  double width = 0;
  double height = 0;
  std::vector<Column> columns;
  std::vector<Box> boxes;  // by node
  std::vector<Wire> wires;
};

}  // namespace logbraid
