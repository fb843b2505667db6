#include "services/analytics/narrator/comment_gate.h"

#include <algorithm>

namespace ftl::analytics {
namespace {

constexpr size_t kMostCharacters = 1500;
constexpr std::string_view kCloseThink = "</think>";
// A sentence without an end is checked as one.
constexpr size_t kLongestSentence = 2000;

size_t CharactersIn(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Where the first sentence of `text` ends, white space behind it included; npos where it goes on.
size_t SentenceEnd(std::string_view text, bool is_end) {
  size_t end = std::string_view::npos;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      end = i + 1;
      break;
    }
    const std::string_view three = text.substr(i, 3);
    if (three == "。" || three == "！" || three == "？") {
      end = i + 3;
      break;
    }
    const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?';
    if (stop && i + 1 < text.size() && (text[i + 1] == ' ' || text[i + 1] == '\n')) {
      // `1. First` and `Nr. 7` go on.
      const bool number = i > 0 && text[i - 1] >= '0' && text[i - 1] <= '9';
      const bool goes_on =
          number && i + 2 < text.size() && text[i + 1] == ' ' && text[i + 2] >= 'a' && text[i + 2] <= 'z';
      if (goes_on || (number && i < 3)) continue;
      end = i + 1;
      break;
    }
  }
  if (end == std::string_view::npos) {
    if (is_end || text.size() > kLongestSentence) return text.size();
    return end;
  }
  while (end < text.size() && (text[end] == ' ' || text[end] == '\n')) ++end;
  return end;
}

}  // namespace

void CommentGate::Check(std::string_view sentence, std::string& shown) {
  if (is_full_) return;
  const size_t characters = CharactersIn(sentence);
  if (shown_ + characters > kMostCharacters) {
    is_full_ = true;
    return;
  }
  if (!grounding_.Bears(sentence, verdict_)) return;
  shown_ += characters;
  shown += sentence;
}

std::string CommentGate::LetThrough(bool is_end) {
  std::string shown;
  while (!held_.empty() && !is_full_) {
    const size_t end = SentenceEnd(held_, is_end);
    if (end == std::string::npos) break;
    Check(std::string_view(held_).substr(0, end), shown);
    held_.erase(0, end);
  }
  return shown;
}

std::string CommentGate::Push(std::string_view piece) {
  held_ += piece;
  if (const size_t close = held_.find(kCloseThink); may_think_ && close != std::string::npos) {
    held_.erase(0, close + kCloseThink.size());
    held_.erase(0, std::min(held_.find_first_not_of(" \r\n\t"), held_.size()));
    may_think_ = false;
    has_thought_ = true;
  }
  return may_think_ ? "" : LetThrough(false);
}

std::string CommentGate::Finish() {
  may_think_ = false;
  return LetThrough(true);
}

}  // namespace ftl::analytics
