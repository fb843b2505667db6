#include "services/export/writer/pdf/pdf_writer.h"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include <cairo-pdf.h>
#include <fmt/format.h>

#include "services/export/writer/pdf/blocks.h"
#include "services/export/writer/pdf/finish.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
using pdf::Flow;
using pdf::Heading;

struct DestroySurface {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;
struct DestroyCairo {
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};
using Cairo = std::unique_ptr<cairo_t, DestroyCairo>;

cairo_status_t Append(void* file, const unsigned char* bytes, unsigned size) {
  static_cast<std::string*>(file)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

void Require(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) throw std::runtime_error(cairo_status_to_string(status));
}

void Name(cairo_surface_t* surface, const Document& document) {
  const std::string made_at = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", document.made_at, absl::UTCTimeZone());
  const auto set = [surface](cairo_pdf_metadata_t what, const std::string& text) {
    cairo_pdf_surface_set_metadata(surface, what, text.c_str());
  };
  set(CAIRO_PDF_METADATA_TITLE, document.title);
  set(CAIRO_PDF_METADATA_SUBJECT, document.subject);
  set(CAIRO_PDF_METADATA_AUTHOR, "FineTuneLab");
  set(CAIRO_PDF_METADATA_CREATOR, "FineTuneLab");
  set(CAIRO_PDF_METADATA_CREATE_DATE, made_at);
  set(CAIRO_PDF_METADATA_MOD_DATE, made_at);
}

void Outline(cairo_surface_t* surface, const std::vector<Heading>& headings) {
  int chapter = CAIRO_PDF_OUTLINE_ROOT;
  for (const Heading& heading : headings) {
    const std::string place = fmt::format("page={} pos=[{:.2f} {:.2f}]", heading.page, Flow::kMargin, heading.y - 8);
    const bool is_chapter = heading.level == 1;
    const int id = cairo_pdf_surface_add_outline(surface, is_chapter ? CAIRO_PDF_OUTLINE_ROOT : chapter,
                                                 heading.title.c_str(), place.c_str(), CAIRO_PDF_OUTLINE_FLAG_OPEN);
    if (is_chapter) chapter = id;
  }
}

pdf::PageSize SizeOf(pb::Paper paper) { return paper == pb::PAPER_LETTER ? pdf::kLetter : pdf::kA4; }

void SetAll(pdf::Setter& setter, const Document& document) {
  setter.Set(document.cover);
  for (const Section& section : document.sections) setter.Set(section);
}

// What stands on every page.
void DrawEdges(cairo_t* cairo, const Document& document, const pdf::Type& type, const Flow& flow, size_t page) {
  constexpr pdf::Style kEdge{.points = 7.5, .tone = Tone::kQuiet, .most_lines = 1};
  pdf::Style to_the_right = kEdge;
  to_the_right.to_the_right = true;
  Flow edges(flow.size());
  const double bottom = flow.size().height - Flow::kBottom + 14;
  edges.Rule(flow.left(), flow.width(), bottom);
  edges.PutAt(type.Set(document.footer, kEdge, flow.width() / 2), Tone::kQuiet, flow.left(), bottom + 6);
  edges.PutAt(type.Set(fmt::format("Page {} of {}", page, flow.page()), to_the_right, flow.width() / 2), Tone::kQuiet,
              flow.left() + flow.width() / 2, bottom + 6);
  if (page > 1) edges.PutAt(type.Set(document.title, kEdge, flow.width()), Tone::kQuiet, flow.left(), 32);
  for (const Flow::Stroke& stroke : edges.pages().front()) stroke(cairo);
}

// `page` counts from 1.
void DrawPage(cairo_t* cairo, const Document& document, const pdf::Type& type, const Flow& flow, size_t page) {
  for (const Flow::Stroke& stroke : flow.pages()[page - 1]) stroke(cairo);
  DrawEdges(cairo, document, type, flow, page);
}

void DrawPages(cairo_t* cairo, const Document& document, const pdf::Type& type, const Flow& flow) {
  cairo_tag_begin(cairo, "Document", nullptr);
  for (size_t page = 1; page <= flow.pages().size(); ++page) {
    DrawPage(cairo, document, type, flow, page);
    if (page == flow.pages().size()) cairo_tag_end(cairo, "Document");
    cairo_show_page(cairo);
  }
}

}  // namespace

std::string WritePdf(const Document& document, pb::Paper paper) {
  const pdf::PageSize size = SizeOf(paper);
  const pdf::Type type;
  Flow flow(size);
  pdf::Setter setter(type, flow);
  SetAll(setter, document);

  std::string file;
  const Surface surface(cairo_pdf_surface_create_for_stream(Append, &file, size.width, size.height));
  Name(surface.get(), document);
  {
    const Cairo cairo(cairo_create(surface.get()));
    DrawPages(cairo.get(), document, type, flow);
    Require(cairo_status(cairo.get()));
  }
  Outline(surface.get(), setter.headings());
  cairo_surface_finish(surface.get());
  Require(cairo_surface_status(surface.get()));
  return pdf::Finish(file, setter.figures());
}

std::string DrawFirstPage(const Document& document, pb::Paper paper) {
  constexpr int kPixelsWide = 900;
  const pdf::PageSize size = SizeOf(paper);
  const double scale = kPixelsWide / size.width;
  const pdf::Type type;
  Flow flow(size);
  pdf::Setter setter(type, flow);
  SetAll(setter, document);

  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, kPixelsWide, static_cast<int>(std::lround(size.height * scale))));
  const Cairo cairo(cairo_create(surface.get()));
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  cairo_paint(cairo.get());
  cairo_scale(cairo.get(), scale, scale);
  DrawPage(cairo.get(), document, type, flow, 1);
  Require(cairo_status(cairo.get()));
  std::string file;
  Require(cairo_surface_write_to_png_stream(surface.get(), Append, &file));
  return file;
}

}  // namespace ftl::exporter
