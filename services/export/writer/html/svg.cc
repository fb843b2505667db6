#include "services/export/writer/html/svg.h"

#include <fmt/format.h>

#include "services/export/chart/palette.h"
#include "services/export/writer/html/escape.h"

namespace ftl::exporter {
namespace {

std::string ColourOf(Tone tone) { return fmt::format("var(--{})", PaintOf(tone).name); }

const char* AnchorOf(Anchor anchor) {
  if (anchor == Anchor::kMiddle) return "middle";
  return anchor == Anchor::kEnd ? "end" : "start";
}

struct Pen {
  std::string& out;

  void operator()(const Line& line) {
    out += fmt::format(R"(<line x1="{:.2f}" y1="{:.2f}" x2="{:.2f}" y2="{:.2f}" stroke="{}" stroke-width="0.75"{}/>)",
                       line.x1, line.y1, line.x2, line.y2, ColourOf(line.tone),
                       line.dashed ? R"( stroke-dasharray="2 2")" : "");
  }
  void operator()(const Box& box) {
    out += fmt::format(R"(<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" fill="{}"/>)", box.x, box.y,
                       box.width, box.height, ColourOf(box.tone));
  }
  void operator()(const Disc& disc) {
    out += fmt::format(R"(<circle cx="{:.2f}" cy="{:.2f}" r="{:.2f}" fill="{}"/>)", disc.x, disc.y, disc.radius,
                       ColourOf(disc.tone));
  }
  void operator()(const Label& label) {
    out += fmt::format(R"(<text x="{:.2f}" y="{:.2f}" dy="0.35em" text-anchor="{}" fill="{}">)", label.x, label.y,
                       AnchorOf(label.anchor), ColourOf(label.tone));
    AppendHtml(label.text, out);
    out += "</text>";
  }
};

}  // namespace

void AppendSvg(const Drawing& drawing, const std::string& words, std::string& out) {
  out += fmt::format(R"(<svg viewBox="0 0 {:.0f} {:.0f}" role="img" font-size="{}"><title>)", drawing.width,
                     drawing.height, kLabelPoints);
  AppendHtml(words, out);
  out += "</title>";
  for (const Shape& shape : drawing.shapes) std::visit(Pen{out}, shape);
  out += "</svg>\n";
}

}  // namespace ftl::exporter
