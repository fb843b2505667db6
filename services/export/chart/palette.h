#pragma once

#include <cstdint>

#include "services/export/chart/drawing.h"

namespace ftl::exporter {

// The page's colours (gateway/web/styles.css) on white paper.
struct Paint {
  Tone tone;
  const char* name;  // of the custom property in HTML
  uint32_t rgb;
};
constexpr Paint kPalette[] = {
    {Tone::kInk, "ink", 0x15201d},
    {Tone::kQuiet, "quiet", 0x56635f},
    {Tone::kLine, "line", 0xd6ddda},
    {Tone::kAccent, "accent", 0x0b5d4f},
    {Tone::kAccentSoft, "accent-soft", 0xdcebe6},
    {Tone::kFault, "fault", 0xa3261b},
};

constexpr const Paint& PaintOf(Tone tone) {
  for (const Paint& paint : kPalette) {
    if (paint.tone == tone) return paint;
  }
  return kPalette[0];
}

}  // namespace ftl::exporter
