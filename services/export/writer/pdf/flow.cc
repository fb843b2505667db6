#include "services/export/writer/pdf/flow.h"

#include <memory>
#include <utility>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "services/export/chart/palette.h"

namespace ftl::exporter::pdf {
namespace {

constexpr double kHairline = 0.5;

struct FreeIter {
  void operator()(PangoLayoutIter* iter) const { pango_layout_iter_free(iter); }
};

}  // namespace

void SetTone(cairo_t* cairo, Tone tone) {
  const uint32_t rgb = PaintOf(tone).rgb;
  cairo_set_source_rgb(cairo, (rgb >> 16) / 255.0, ((rgb >> 8) & 0xFF) / 255.0, (rgb & 0xFF) / 255.0);
}

bool Flow::Need(double height) {
  if (at_top() || y_ + height <= size_.height - kBottom) return false;
  Turn();
  return true;
}

void Flow::Turn() {
  pages_.emplace_back();
  y_ = kTop;
}

void Flow::Skip(double height) {
  if (!at_top()) y_ += height;
}

void Flow::Open(const char* element) {
  Draw([element](cairo_t* cairo) { cairo_tag_begin(cairo, element, nullptr); });
}

void Flow::Close(const char* element) {
  Draw([element](cairo_t* cairo) { cairo_tag_end(cairo, element); });
}

void Flow::Put(const Layout& layout, Tone tone, double x, const Behind& behind) {
  const std::unique_ptr<PangoLayoutIter, FreeIter> iter(pango_layout_get_iter(layout.get()));
  do {
    PangoLayoutLine* line = pango_layout_iter_get_line_readonly(iter.get());
    PangoRectangle logical;
    pango_layout_iter_get_line_extents(iter.get(), nullptr, &logical);
    int top = 0;
    int bottom = 0;
    pango_layout_iter_get_line_yrange(iter.get(), &top, &bottom);
    const double height = static_cast<double>(bottom - top) / PANGO_SCALE;
    const double rise = static_cast<double>(pango_layout_iter_get_baseline(iter.get()) - top) / PANGO_SCALE;
    Need(height);
    if (behind) Draw([behind, top = y_, height](cairo_t* cairo) { behind(cairo, top, height); });
    Draw([layout, line, tone, left = x + static_cast<double>(logical.x) / PANGO_SCALE,
          base = y_ + rise](cairo_t* cairo) {
      SetTone(cairo, tone);
      cairo_move_to(cairo, left, base);
      pango_cairo_show_layout_line(cairo, line);
    });
    y_ += height;
  } while (pango_layout_iter_next_line(iter.get()));
}

void Flow::PutAt(const Layout& layout, Tone tone, double x, double y) {
  Draw([layout, tone, x, y](cairo_t* cairo) {
    SetTone(cairo, tone);
    cairo_move_to(cairo, x, y);
    pango_cairo_show_layout(cairo, layout.get());
  });
}

void Flow::Rule(double x, double width, double y, Tone tone) {
  Draw([=](cairo_t* cairo) {
    SetTone(cairo, tone);
    cairo_set_line_width(cairo, kHairline);
    cairo_move_to(cairo, x, y);
    cairo_line_to(cairo, x + width, y);
    cairo_stroke(cairo);
  });
}

void Flow::Fill(double x, double y, double width, double height, Tone tone) {
  Draw([=](cairo_t* cairo) {
    SetTone(cairo, tone);
    cairo_rectangle(cairo, x, y, width, height);
    cairo_fill(cairo);
  });
}

}  // namespace ftl::exporter::pdf
