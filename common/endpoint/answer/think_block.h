#pragma once

#include <string>
#include <string_view>

namespace ftl {

// What stands around reasoning in a text.
struct ReasoningMarks {
  std::string_view open;
  std::string_view close;
};

// Parts the text of an answer from the reasoning that opens it, which some servers leave in the text:
// `<think>…</think>`, `[THINK]…[/THINK]`, harmony's channels and their like. Pure, incremental: the marks may be cut
// anywhere.
class ThinkBlock {
 public:
  // Appends what `piece` makes certain to `text` and `reasoning`.
  void Push(std::string_view piece, std::string& text, std::string& reasoning);
  // The answer has ended: appends what was held back.
  void Finish(std::string& text, std::string& reasoning);

  // Some models' templates hold the opening tag, so that a whole answer has only the closing one: where that begins a
  // line, what stands before it is moved from `text` to `reasoning`.
  static void PartUnopened(std::string& text, std::string& reasoning);

 private:
  enum class Place { kStart, kInside, kBehind, kText };
  Place place_ = Place::kStart;
  const ReasoningMarks* marks_ = nullptr;  // those that opened the text
  std::string held_;                       // what may become a tag, or white space before one
};

}  // namespace ftl
