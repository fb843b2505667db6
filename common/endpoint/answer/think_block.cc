#include "common/endpoint/answer/think_block.h"

#include <algorithm>
#include <utility>

namespace ftl {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kSpace = " \t\r\n";

// How many bytes at the end of `text` are the start of `tag`.
size_t StartAtEnd(std::string_view text, std::string_view tag) {
  for (size_t length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
    if (text.substr(text.size() - length) == tag.substr(0, length)) return length;
  }
  return 0;
}

}  // namespace

void ThinkBlock::Push(std::string_view piece, std::string& text, std::string& reasoning) {
  if (place_ == Place::kText) {
    text += piece;
    return;
  }
  held_ += piece;
  std::string_view rest = held_;
  if (place_ == Place::kStart) {
    const std::string_view begun = rest.substr(std::min(rest.find_first_not_of(kSpace), rest.size()));
    if (begun.size() < kOpen.size() && kOpen.substr(0, begun.size()) == begun) return;
    const bool thinks = begun.substr(0, kOpen.size()) == kOpen;
    place_ = thinks ? Place::kInside : Place::kText;
    if (thinks) rest = begun.substr(kOpen.size());
  }
  if (place_ == Place::kInside) {
    const size_t close = rest.find(kClose);
    const size_t inside = close == std::string_view::npos ? rest.size() - StartAtEnd(rest, kClose) : close;
    reasoning += rest.substr(0, inside);
    rest.remove_prefix(inside);
    if (close != std::string_view::npos) {
      rest.remove_prefix(kClose.size());
      place_ = Place::kBehind;
    }
  }
  if (place_ == Place::kBehind) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpace), rest.size()));
    if (!rest.empty()) place_ = Place::kText;
  }
  if (place_ == Place::kText) text += std::exchange(rest, {});
  held_ = std::string(rest);
}

void ThinkBlock::Finish(std::string& text, std::string& reasoning) {
  if (place_ == Place::kStart) text += held_;
  if (place_ == Place::kInside) reasoning += held_;
  held_.clear();
}

void ThinkBlock::PartUnopened(std::string& text, std::string& reasoning) {
  const size_t close = text.find(kClose);
  if (close == std::string::npos || text.find(kOpen) < close) return;
  reasoning.append(text, 0, close);
  text.erase(0, std::min(text.find_first_not_of(kSpace, close + kClose.size()), text.size()));
}

}  // namespace ftl
