#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <pango/pango.h>

#include "services/export/chart/drawing.h"
#include "services/export/report/markdown.h"

namespace ftl::exporter::pdf {

// How a text is set.
struct Style {
  double points = 9;
  Tone tone = Tone::kInk;
  bool bold = false;
  bool mono = false;
  bool to_the_right = false;
  int most_lines = 0;  // what is longer ends in `…`; 0 for no limit
};

using Layout = std::shared_ptr<PangoLayout>;

// Sets text with this thread's font map, which stays warm. What no font has is shown as its code point.
class Type {
 public:
  Type();
  ~Type();
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  Layout Set(const Spans& text, const Style& style, double width) const;
  Layout Set(std::string_view text, const Style& style, double width) const;

 private:
  PangoContext* context_;
};

// In points.
double HeightOf(const Layout& layout);
double WidthOf(const Layout& layout);

}  // namespace ftl::exporter::pdf
