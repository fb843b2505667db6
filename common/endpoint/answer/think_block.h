#pragma once

#include <string>
#include <string_view>

namespace ftl {

// Parts the text of an answer from a `<think>…</think>` block at its start, which some servers leave in the text. Pure,
// incremental: the tags may be cut anywhere.
class ThinkBlock {
 public:
  // Appends what `piece` makes certain to `text` and `reasoning`.
  void Push(std::string_view piece, std::string& text, std::string& reasoning);
  // The answer has ended: appends what was held back.
  void Finish(std::string& text, std::string& reasoning);

  // Some models' templates hold the opening tag, so that a whole answer has only the closing one: what stands before it
  // is moved from `text` to `reasoning`.
  static void PartUnopened(std::string& text, std::string& reasoning);

 private:
  enum class Place { kStart, kInside, kBehind, kText };
  Place place_ = Place::kStart;
  std::string held_;  // what may become a tag, or white space before one
};

}  // namespace ftl
