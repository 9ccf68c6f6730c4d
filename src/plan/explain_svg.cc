#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "logbraid/explain.h"
#include "plan/explain_names.h"
#include "plan/picture_layout.h"

namespace logbraid {
namespace {

constexpr double kMargin = 24, kTitleHeight = 40, kLegendHeight = 40, kLineHeight = 18;
constexpr double kTextInset = 14, kMinBoxWidth = 96, kMaxTextWidth = 200;
constexpr std::size_t kMaxListed = 10;

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : clean(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// No fonts are measured here: an upper estimate for usual sans-serif ones, in parts of their size.
double width_of(std::string_view character) {
  if (character.size() > 1) return character.size() == 2 ? 0.68 : 1.05;
  constexpr std::string_view kNarrow = "ijlIt.,:;'|!()[]{} ", kWide = "mwMW@%<>&#=+~";
  if (kNarrow.find(character) != std::string_view::npos) return 0.36;
  return kWide.find(character) != std::string_view::npos ? 0.98 : 0.64;
}

std::size_t size_of_character(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

double text_width(std::string_view text, double font_size) {
  double width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = size_of_character(text[i]);
    width += width_of(text.substr(i, size)) * font_size;
    i += size;
  }
  return width;
}

// `text` is clean. What does not fit is cut, with an ellipsis.
std::string fitted(std::string_view text, double font_size, double room) {
  if (text_width(text, font_size) <= room) return std::string(text);
  std::string kept;
  double width = font_size;  // of the ellipsis
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = size_of_character(text[i]);
    width += width_of(text.substr(i, size)) * font_size;
    if (width > room) break;
    kept += text.substr(i, size);
    i += size;
  }
  return kept + "\xe2\x80\xa6";
}

std::string kind_line(const PlanNode& node) {
  return kind_text(node) + " \xc2\xb7 " + std::string(to_string(node.placement));
}

class Drawing {
 public:
  explicit Drawing(const ExecutionPlan& plan)
      : plan_(plan),
        count_(std::min(plan.size(), kMaxDrawn)),
        layout_(plan, count_, box_width(plan, count_)) {}

  std::string text() {
    collect_lines();
    // Room for the legend and the lines below even where the plan is narrow.
    const double width = std::max(layout_.width, 560.0) + 2 * kMargin;
    const double height = kMargin + kTitleHeight + layout_.height + kLegendHeight +
                          kLineHeight * static_cast<double>(lines_.size()) + kMargin;
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" font-family=\"ui-sans-serif, system-ui, "
        "'Segoe UI', 'DejaVu Sans', sans-serif\">\n",
        width, height);
    add("<title>{}</title>\n", escape(summary()));
    // Its own ground: the picture reads the same on a dark page.
    add("<rect width=\"{:.0f}\" height=\"{:.0f}\" rx=\"8\" fill=\"#ffffff\"/>\n", width, height);
    add_arrow_heads();
    add_group_titles();
    for (const auto& wire : layout_.wires) add_wire(wire);
    for (const auto& box : layout_.boxes) add_box(box);
    add_legend(top() + layout_.height + kLegendHeight - 8);
    add_lines(top() + layout_.height + kLegendHeight);
    return std::move(out_) + "</svg>\n";
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  static double box_width(const ExecutionPlan& plan, std::uint32_t count) {
    double text = kMinBoxWidth - 2 * kTextInset;
    for (std::uint32_t n = 0; n < count; ++n) {
      text =
          std::max({text, text_width(clean(plan[n].name), 13), text_width(kind_line(plan[n]), 11)});
    }
    return std::min(text, kMaxTextWidth) + 2 * kTextInset;
  }

  double top() const { return kMargin + kTitleHeight; }

  std::string summary() const {
    return fmt::format("Plan of {} enricher{} in {} group{}", plan_.size(),
                       plan_.size() == 1 ? "" : "s", plan_.groups().size(),
                       plan_.groups().size() == 1 ? "" : "s");
  }

  void collect_lines() {
    if (count_ < plan_.size()) {
      lines_.push_back(
          fmt::format("The first {} of {} enrichers are drawn.", count_, plan_.size()));
    }
    if (plan_.size() == 0) lines_.push_back("The plan has no enrichers.");
    const auto disabled = plan_.disabled();
    for (std::size_t i = 0; i < disabled.size() && i < kMaxListed; ++i) {
      lines_.push_back("left out: " + disabled[i].name + " (" + disabled[i].because + ")");
    }
    if (disabled.size() > kMaxListed) {
      lines_.push_back(fmt::format("left out: {} more", disabled.size() - kMaxListed));
    }
  }

  void add_arrow_heads() {
    out_ += "<defs>";
    for (const bool declared : {true, false}) {
      add("<marker id=\"{}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" "
          "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.8 L8 4 "
          "L0 7.2 z\" fill=\"{}\"/></marker>",
          declared ? "declared" : "inferred", colour(declared));
    }
    out_ += "</defs>\n";
  }

  static const char* colour(bool declared) { return declared ? "#3c4350" : "#8089a0"; }

  // Over the columns of each group, with a line from the first to the last.
  void add_group_titles() {
    for (std::size_t c = 0; c < layout_.columns.size();) {
      std::size_t last = c;
      while (last + 1 < layout_.columns.size() &&
             layout_.columns[last + 1].group == layout_.columns[c].group) {
        ++last;
      }
      const std::uint32_t group = layout_.columns[c].group;
      const double from = kMargin + layout_.columns[c].x;
      const double to = kMargin + layout_.columns[last].x + layout_.box_width;
      add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"#5b6475\">group {}</text>"
          "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#d6dae3\"/>\n",
          from, kMargin + 10, group + 1, from, kMargin + 18, to, kMargin + 18);
      c = last + 1;
    }
  }

  void add_wire(const PictureLayout::Wire& wire) {
    const double x1 = kMargin + wire.from.x, y1 = top() + wire.from.y;
    const double x2 = kMargin + wire.to.x, y2 = top() + wire.to.y;
    const double middle = (x1 + x2) / 2;
    add("<path d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x1, y1, middle, y1,
        middle, y2, x2, y2);
    if (!wire.arrives) add(" H{:.1f}", kMargin + wire.straight_to);
    add("\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.4\"{}", colour(wire.declared),
        wire.declared ? "" : " stroke-dasharray=\"5 3\"");
    if (!wire.arrives) {
      out_ += "/>\n";
      return;
    }
    add(" marker-end=\"url(#{})\"><title>{} \xe2\x86\x92 {}: {}</title></path>\n",
        wire.declared ? "declared" : "inferred", escape(plan_[wire.source].name),
        escape(plan_[wire.target].name), escape(wire.because));
  }

  void add_box(const PictureLayout::Box& box) {
    const PlanNode& node = plan_[box.node];
    const double x = kMargin + layout_.columns[box.column].x, y = top() + box.y;
    const double room = layout_.box_width - 2 * kTextInset;
    std::string title = node.name + " (" + kind_line(node) + ")";
    if (!node.metadata.description.empty()) title += ": " + node.metadata.description;
    add("<g><title>{}</title>", escape(title));
    add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\" fill=\"{}\" "
        "stroke=\"{}\" stroke-width=\"1.2\"/>",
        x, y, layout_.box_width, PictureLayout::kBoxHeight, fill_of(node.placement),
        stroke_of(node.placement));
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"13\" font-weight=\"600\" "
        "fill=\"#1d2330\">{}</text>",
        x + kTextInset, y + 19, escape(fitted(clean(node.name), 13, room)));
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" fill=\"#5b6475\">{}</text></g>\n",
        x + kTextInset, y + 35, escape(fitted(kind_line(node), 11, room)));
  }

  void add_legend(double y) {
    double x = kMargin;
    const auto label = [&](std::string_view text) {
      add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" fill=\"#5b6475\">{}</text>\n", x, y,
          text);
      x += text_width(text, 11) + 16;
    };
    for (const auto placement :
         {Placement::inline_, Placement::pool, Placement::async, Placement::automatic}) {
      const auto boxes_end = plan_.nodes().begin() + count_;
      if (std::none_of(plan_.nodes().begin(), boxes_end,
                       [&](const PlanNode& node) { return node.placement == placement; })) {
        continue;
      }
      add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"11\" rx=\"2.5\" fill=\"{}\" "
          "stroke=\"{}\"/>",
          x, y - 10, fill_of(placement), stroke_of(placement));
      x += 20;
      label(to_string(placement));
    }
    for (const bool declared : {true, false}) {
      if (std::none_of(layout_.wires.begin(), layout_.wires.end(),
                       [&](const auto& wire) { return wire.declared == declared; })) {
        continue;
      }
      add("<path d=\"M{:.1f} {:.1f} h28\" stroke=\"{}\" stroke-width=\"1.4\"{} "
          "marker-end=\"url(#{})\"/>",
          x, y - 4, colour(declared), declared ? "" : " stroke-dasharray=\"5 3\"",
          declared ? "declared" : "inferred");
      x += 34;
      label(declared ? "declared" : "reads what it writes");
    }
  }

  void add_lines(double y) {
    for (const std::string& line : lines_) {
      y += kLineHeight;
      add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"#5b6475\">{}</text>\n", kMargin,
          y, escape(fitted(clean(line), 12, std::max(layout_.width, 560.0))));
    }
  }

  const ExecutionPlan& plan_;
  const std::uint32_t count_;
  const PictureLayout layout_;
  std::vector<std::string> lines_;  // below the legend
  std::string out_;
};

}  // namespace

std::string explain_as_svg(const ExecutionPlan& plan) { return Drawing(plan).text(); }

}  // namespace logbraid
