#pragma once

#include <cairo.h>

#include "services/export/chart/drawing.h"

namespace ftl::exporter::pdf {

// Draws with its top left corner at `x`, `y`.
void DrawOn(cairo_t* cairo, const Drawing& drawing, double x, double y);

}  // namespace ftl::exporter::pdf
