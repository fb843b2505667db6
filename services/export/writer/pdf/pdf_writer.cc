#include "services/export/writer/pdf/pdf_writer.h"

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

void DrawPages(cairo_t* cairo, const Document& document, const pdf::Type& type, const Flow& flow) {
  cairo_tag_begin(cairo, "Document", nullptr);
  for (size_t i = 0; i < flow.pages().size(); ++i) {
    for (const Flow::Stroke& stroke : flow.pages()[i]) stroke(cairo);
    DrawEdges(cairo, document, type, flow, i + 1);
    if (i + 1 == flow.pages().size()) cairo_tag_end(cairo, "Document");
    cairo_show_page(cairo);
  }
}

}  // namespace

std::string WritePdf(const Document& document, pb::Paper paper) {
  const pdf::PageSize size = paper == pb::PAPER_LETTER ? pdf::kLetter : pdf::kA4;
  const pdf::Type type;
  Flow flow(size);
  pdf::Setter setter(type, flow);
  setter.Set(document.cover);
  for (const Section& section : document.sections) setter.Set(section);

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

}  // namespace ftl::exporter
