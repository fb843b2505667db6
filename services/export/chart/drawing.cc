#include "services/export/chart/drawing.h"

#include <algorithm>

namespace ftl::exporter {
namespace {

constexpr double kLeft = 46;    // room for the y axis' numbers
constexpr double kTop = 26;     // for the y axis' label and the marks' words
constexpr double kBottom = 34;  // for the x axis' numbers and label
constexpr double kRight = 24;   // for levels' words
constexpr double kWordHeight = 9;
constexpr double kDot = 2.2;
constexpr double kGap = 0.75;    // between bars
constexpr double kLetter = 4.4;  // about a letter's width

class Plot {
 public:
  Plot(const Chart& chart, double width, double height) : chart_(chart), drawing_{width, height, {}} {}

  Drawing Finish() && {
    DrawGrid();
    for (const Bar& bar : chart_.bars) DrawBar(bar);
    for (const Dot& dot : chart_.dots) {
      Add(Disc{X(dot.x), Y(dot.y), kDot, dot.failed ? Tone::kFault : Tone::kAccent});
    }
    DrawMarks();
    Add(Line{kLeft, Bottom(), drawing_.width - kRight, Bottom(), Tone::kInk});
    return std::move(drawing_);
  }

 private:
  static double Share(const Axis& axis, double value) {
    return std::clamp((value - axis.from) / (axis.to - axis.from), 0.0, 1.0);
  }
  double Bottom() const { return drawing_.height - kBottom; }
  double X(double value) const { return kLeft + Share(chart_.x, value) * (drawing_.width - kLeft - kRight); }
  double Y(double value) const { return Bottom() - Share(chart_.y, value) * (Bottom() - kTop); }
  void Add(Shape shape) { drawing_.shapes.push_back(std::move(shape)); }

  void DrawGrid() {
    for (const Tick& tick : chart_.y.ticks) {
      Add(Line{kLeft, Y(tick.at), drawing_.width - kRight, Y(tick.at), Tone::kLine});
      Add(Label{kLeft - 6, Y(tick.at), tick.text, Anchor::kEnd, Tone::kQuiet});
    }
    for (const Tick& tick : chart_.x.ticks) {
      Add(Line{X(tick.at), Bottom(), X(tick.at), Bottom() + 3, Tone::kInk});
      Add(Label{X(tick.at), Bottom() + 10, tick.text, Anchor::kMiddle, Tone::kQuiet});
    }
    Add(Label{0, 5, chart_.y.label, Anchor::kStart, Tone::kQuiet});
    Add(Label{drawing_.width - kRight, drawing_.height - 6, chart_.x.label, Anchor::kEnd, Tone::kQuiet});
  }

  void DrawBar(const Bar& bar) {
    const double left = X(bar.from);
    const double right = X(bar.to);
    const double gap = right - left > 4 * kGap ? kGap : 0;
    const double top = Y(bar.height);
    if (bar.height > chart_.y.from) Add(Box{left + gap, top, right - left - 2 * gap, Bottom() - top, Tone::kAccent});
  }

  // Its words stand beside the plot, where no bar is.
  void DrawLevel(const Mark& mark) {
    const double right = drawing_.width - kRight;
    Add(Line{kLeft, Y(mark.at), right, Y(mark.at), Tone::kInk, true});
    word_y_ = std::min(Y(mark.at), word_y_ - kWordHeight);
    Add(Label{right + 4, word_y_, mark.text, Anchor::kStart, Tone::kInk});
  }

  // Words of marks that stand close to each other stand on two lines.
  void DrawMarks() {
    double taken_to = -1;
    bool lower = false;
    for (const Mark& mark : chart_.marks) {
      const double width = kLetter * static_cast<double>(mark.text.size());
      if (mark.is_level) {
        DrawLevel(mark);
        continue;
      }
      const double x = X(mark.at);
      const bool ends = x + 4 + width > drawing_.width;
      lower = (ends ? x - 4 - width : x + 3) < taken_to && !lower;
      taken_to = std::max(taken_to, ends ? x : x + 8 + width);
      const double y = lower ? kTop + 4 : kTop - 6;
      Add(Line{x, y - 4, x, Bottom(), Tone::kInk, true});
      Add(Label{ends ? x - 3 : x + 3, y, mark.text, ends ? Anchor::kEnd : Anchor::kStart, Tone::kInk});
    }
  }

  const Chart& chart_;
  Drawing drawing_;
  double word_y_ = 1e9;  // of the last level's words; levels come from the lowest on
};

}  // namespace

Drawing Draw(const Chart& chart, double width, double height) { return Plot(chart, width, height).Finish(); }

}  // namespace ftl::exporter
