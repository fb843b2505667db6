#pragma once

#include <string>
#include <variant>
#include <vector>

#include "services/export/chart/chart.h"

namespace ftl::exporter {

// A chart laid out: shapes in points from the top left corner, in the order in which they are drawn.

enum class Tone { kInk, kQuiet, kLine, kAccent, kAccentSoft, kFault };

struct Line {
  double x1, y1, x2, y2;
  Tone tone;
  bool dashed = false;
};
struct Box {
  double x, y, width, height;
  Tone tone;
};
struct Disc {
  double x, y, radius;
  Tone tone;
};
enum class Anchor { kStart, kMiddle, kEnd };
// `y` is the middle of the text.
struct Label {
  double x, y;
  std::string text;
  Anchor anchor;
  Tone tone;
};
using Shape = std::variant<Line, Box, Disc, Label>;

struct Drawing {
  double width;
  double height;
  std::vector<Shape> shapes;
};

constexpr double kLabelPoints = 7.5;

// All of the chart but its title within `width` by `height`.
Drawing Draw(const Chart& chart, double width, double height);

}  // namespace ftl::exporter
