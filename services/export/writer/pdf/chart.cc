#include "services/export/writer/pdf/chart.h"

#include <numbers>

#include <pango/pangocairo.h>

#include "services/export/writer/pdf/flow.h"
#include "services/export/writer/pdf/type.h"

namespace ftl::exporter::pdf {
namespace {

constexpr double kWide = 1000;  // more than any label

struct Pen {
  cairo_t* cairo;
  const Type& type;

  void operator()(const Line& line) const {
    constexpr double kDash[] = {2, 2};
    SetTone(cairo, line.tone);
    cairo_set_line_width(cairo, 0.5);
    cairo_set_dash(cairo, kDash, line.dashed ? 2 : 0, 0);
    cairo_move_to(cairo, line.x1, line.y1);
    cairo_line_to(cairo, line.x2, line.y2);
    cairo_stroke(cairo);
    cairo_set_dash(cairo, nullptr, 0, 0);
  }
  void operator()(const Box& box) const {
    SetTone(cairo, box.tone);
    cairo_rectangle(cairo, box.x, box.y, box.width, box.height);
    cairo_fill(cairo);
  }
  void operator()(const Disc& disc) const {
    SetTone(cairo, disc.tone);
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, disc.x, disc.y, disc.radius, 0, 2 * std::numbers::pi);
    cairo_fill(cairo);
  }
  void operator()(const Label& label) const {
    const Layout layout = type.Set(label.text, {.points = kLabelPoints}, kWide);
    const double width = WidthOf(layout);
    double left = label.x;
    if (label.anchor == Anchor::kMiddle) left -= width / 2;
    if (label.anchor == Anchor::kEnd) left -= width;
    SetTone(cairo, label.tone);
    cairo_move_to(cairo, left, label.y - HeightOf(layout) / 2);
    pango_cairo_show_layout(cairo, layout.get());
  }
};

}  // namespace

void DrawOn(cairo_t* cairo, const Drawing& drawing, double x, double y) {
  const Type type;
  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  for (const Shape& shape : drawing.shapes) std::visit(Pen{cairo, type}, shape);
  cairo_restore(cairo);
}

}  // namespace ftl::exporter::pdf
