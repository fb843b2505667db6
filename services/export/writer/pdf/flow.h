#pragma once

#include <functional>
#include <string>
#include <vector>

#include <cairo.h>

#include "services/export/writer/pdf/type.h"

namespace ftl::exporter::pdf {

// The size of a page in points.
struct PageSize {
  double width;
  double height;
};
constexpr PageSize kA4{595.28, 841.89};
constexpr PageSize kLetter{612, 792};

// What stands on which page, from top to bottom, before any of it is drawn: how many pages there are is known only at
// the end, and stands on each.
class Flow {
 public:
  using Stroke = std::function<void(cairo_t*)>;

  explicit Flow(PageSize size) : size_(size) { pages_.emplace_back(); }

  PageSize size() const { return size_; }
  double left() const { return kMargin; }
  double width() const { return size_.width - 2 * kMargin; }
  double y() const { return y_; }
  int page() const { return static_cast<int>(pages_.size()); }
  bool at_top() const { return y_ == kTop; }
  const std::vector<std::vector<Stroke>>& pages() const { return pages_; }

  // Makes room for `height`: on the next page where this one has less. True where that begins a page.
  bool Need(double height);
  void Turn();
  // Leaves room free; none at the top of a page.
  void Skip(double height);
  // Moves on without a look at the page's end.
  void Take(double height) { y_ += height; }

  void Draw(Stroke stroke) { pages_.back().push_back(std::move(stroke)); }
  // An element of the document's structure, around what is drawn between the two; it may go over pages.
  void Open(const char* element);
  void Close(const char* element);

  // One line after the other, on as many pages as it takes. `before` is drawn with each line: its box behind it.
  using Behind = std::function<void(cairo_t*, double top, double height)>;
  void Put(const Layout& layout, Tone tone, double x, const Behind& behind = nullptr);
  // All of it where it is said, on this page.
  void PutAt(const Layout& layout, Tone tone, double x, double y);
  void Rule(double x, double width, double y, Tone tone = Tone::kLine);
  void Fill(double x, double y, double width, double height, Tone tone);

  static constexpr double kMargin = 48;
  static constexpr double kTop = 60;
  static constexpr double kBottom = 56;

 private:
  PageSize size_;
  double y_ = kTop;
  std::vector<std::vector<Stroke>> pages_;
};

void SetTone(cairo_t* cairo, Tone tone);

}  // namespace ftl::exporter::pdf
