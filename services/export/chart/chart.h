#pragma once

#include <string>
#include <vector>

namespace ftl::exporter {

// A chart before it is drawn: values in their own units, words, and nothing of where and how. What is drawn on paper
// and on the page is this, so both show the same.

struct Tick {
  double at;
  std::string text;
};

struct Axis {
  std::string label;  // with its unit: `Latency (ms)`
  double from = 0;
  double to = 1;  // above `from`
  std::vector<Tick> ticks;
};

// Stands on the x axis between two values.
struct Bar {
  double from;
  double to;
  double height;
};

struct Dot {
  double x;
  double y;
  bool failed = false;
};

// A line across the plot at a value: of the x axis, or of the y axis.
struct Mark {
  double at;
  std::string text;
  bool is_level = false;  // at a value of y
};

struct Chart {
  std::string title;
  std::string words;  // what it shows, for who cannot see it
  Axis x;
  Axis y;
  std::vector<Bar> bars;
  std::vector<Dot> dots;
  std::vector<Mark> marks;
};

}  // namespace ftl::exporter
