#include "services/export/writer/pdf/type.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <pango/pangocairo.h>

#include "services/export/report/readable.h"

namespace ftl::exporter::pdf {
namespace {

// Named in order, so that no script depends on what else a machine has. Emoji come by fallback: their font has digits
// too, and would be asked for those.
constexpr char kSans[] =
    "Noto Sans,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Devanagari,Noto Sans Thai,Noto Sans CJK SC,Noto Sans "
    "Symbols,"
    "Noto Sans Symbols2,Noto Sans Math";
constexpr char kMono[] =
    "Noto Sans Mono,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Devanagari,Noto Sans Thai,Noto Sans Mono CJK SC,"
    "Noto Sans Symbols,Noto Sans Symbols2";
constexpr double kLeading = 1.2;

struct Unref {
  void operator()(PangoLayoutIter* iter) const { pango_layout_iter_free(iter); }
};

void Add(PangoAttrList& list, PangoAttribute* attribute, size_t from, size_t to) {
  attribute->start_index = static_cast<guint>(from);
  attribute->end_index = static_cast<guint>(to);
  pango_attr_list_insert(&list, attribute);
}

void AddStyles(PangoAttrList& list, const Span& span, size_t from, size_t to) {
  if (span.bold) Add(list, pango_attr_weight_new(PANGO_WEIGHT_BOLD), from, to);
  if (span.italic) Add(list, pango_attr_style_new(PANGO_STYLE_ITALIC), from, to);
  if (span.code) Add(list, pango_attr_family_new(kMono), from, to);
  if (span.struck) Add(list, pango_attr_strikethrough_new(TRUE), from, to);
}

void Fill(PangoLayout* layout, const Spans& spans) {
  std::string text;
  PangoAttrList* list = pango_attr_list_new();
  Add(*list, pango_attr_font_features_new("tnum"), 0, G_MAXUINT);
  // A word that is broken is shown as it was written.
  Add(*list, pango_attr_insert_hyphens_new(FALSE), 0, G_MAXUINT);
  for (const Span& span : spans) {
    const size_t from = text.size();
    text += span.text;
    AddStyles(*list, span, from, text.size());
  }
  pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
  pango_layout_set_attributes(layout, list);
  pango_attr_list_unref(list);
}

// The characters of a layout that no font has.
std::set<uint32_t> MissingIn(PangoLayout* layout) {
  std::set<uint32_t> missing;
  const std::unique_ptr<PangoLayoutIter, Unref> iter(pango_layout_get_iter(layout));
  do {
    const PangoLayoutRun* run = pango_layout_iter_get_run_readonly(iter.get());
    for (int i = 0; run != nullptr && i < run->glyphs->num_glyphs; ++i) {
      const PangoGlyph glyph = run->glyphs->glyphs[i].glyph;
      if (glyph & PANGO_GLYPH_UNKNOWN_FLAG) missing.insert(glyph & ~PANGO_GLYPH_UNKNOWN_FLAG);
    }
  } while (pango_layout_iter_next_run(iter.get()));
  return missing;
}

Spans Spelled(const Spans& spans, const std::set<uint32_t>& missing) {
  Spans spelled;
  for (const Span& span : spans) {
    Span& told = spelled.emplace_back(span);
    told.text.clear();
    for (const char* at = span.text.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
      const gunichar c = g_utf8_get_char(at);
      told.text +=
          missing.contains(c) ? CodePointText(c) : std::string(at, g_utf8_skip[static_cast<unsigned char>(*at)]);
    }
  }
  return spelled;
}

}  // namespace

Type::Type() {
  auto* fonts = PANGO_CAIRO_FONT_MAP(pango_cairo_font_map_get_default());
  pango_cairo_font_map_set_resolution(fonts, 72);
  context_ = pango_font_map_create_context(PANGO_FONT_MAP(fonts));
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context_, options);
  cairo_font_options_destroy(options);
  pango_context_set_round_glyph_positions(context_, FALSE);
  pango_context_set_language(context_, pango_language_from_string("en"));
}

Type::~Type() { g_object_unref(context_); }

Layout Type::Set(const Spans& text, const Style& style, double width) const {
  const Layout layout(pango_layout_new(context_), g_object_unref);
  PangoFontDescription* font = pango_font_description_from_string(style.mono ? kMono : kSans);
  pango_font_description_set_absolute_size(font, style.points * PANGO_SCALE);
  if (style.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_SEMIBOLD);
  pango_layout_set_font_description(layout.get(), font);
  pango_font_description_free(font);
  pango_layout_set_width(layout.get(), static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
  pango_layout_set_line_spacing(layout.get(), 0);
  pango_layout_set_spacing(layout.get(), static_cast<int>(style.points * (kLeading - 1.1) * PANGO_SCALE));
  if (style.to_the_right) {
    pango_layout_set_alignment(layout.get(), PANGO_ALIGN_RIGHT);
    pango_layout_set_auto_dir(layout.get(), FALSE);
  }
  if (style.most_lines > 0) {
    pango_layout_set_height(layout.get(), -style.most_lines);
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
  }
  Fill(layout.get(), text);
  if (pango_layout_get_unknown_glyphs_count(layout.get()) > 0) {
    Fill(layout.get(), Spelled(text, MissingIn(layout.get())));
  }
  return layout;
}

Layout Type::Set(std::string_view text, const Style& style, double width) const {
  return Set(Spans{Span{.text = std::string(text)}}, style, width);
}

double HeightOf(const Layout& layout) {
  int height = 0;
  pango_layout_get_size(layout.get(), nullptr, &height);
  return static_cast<double>(height) / PANGO_SCALE;
}

double WidthOf(const Layout& layout) {
  int width = 0;
  pango_layout_get_size(layout.get(), &width, nullptr);
  return static_cast<double>(width) / PANGO_SCALE;
}

}  // namespace ftl::exporter::pdf
