#include "common/endpoint/answer/think_block.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ftl {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Harmony's channels, as gpt-oss writes them where no server has read them.
constexpr std::string_view kBareAnalysis = "analysis";
constexpr std::string_view kBareFinal = "assistantfinal";
constexpr std::string_view kHarmonyFinal = "<|channel|>final<|message|>";
constexpr std::array<ReasoningMarks, 19> kMarks{{{"<think>", "</think>"},
                                                 {"<thinking>", "</thinking>"},
                                                 {"<thought>", "</thought>"},
                                                 {"<thoughts>", "</thoughts>"},
                                                 {"<reasoning>", "</reasoning>"},
                                                 {"<Think>", "</Think>"},
                                                 {"<THINK>", "</THINK>"},
                                                 {"[THINK]", "[/THINK]"},
                                                 {"<|channel>thought", "<channel|>"},
                                                 {"<seed:think>", "</seed:think>"},
                                                 {"\u25C1think\u25B7", "\u25C1/think\u25B7"},
                                                 {"<|begin_of_thought|>", "<|end_of_thought|>"},
                                                 {"<|START_THINKING|>", "<|END_THINKING|>"},
                                                 {"<|channel|>analysis<|message|>", kHarmonyFinal},
                                                 {"<|start|>assistant<|channel|>analysis<|message|>", kHarmonyFinal},
                                                 {"<|channel|>commentary<|message|>", kHarmonyFinal},
                                                 {"<|start|>assistant<|channel|>commentary<|message|>", kHarmonyFinal},
                                                 {"<|start|>assistant<|channel|>final<|message|>", ""},
                                                 {kHarmonyFinal, ""}}};

// How many bytes at the end of `text` are the start of `tag`.
size_t StartAtEnd(std::string_view text, std::string_view tag) {
  for (size_t length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
    if (text.substr(text.size() - length) == tag.substr(0, length)) return length;
  }
  return 0;
}

// Whether a fence of Markdown is open at `at`: what stands there is code.
bool IsInFence(std::string_view text, size_t at) {
  bool is_open = false;
  for (size_t line = 0; line < at; line = std::min(text.find('\n', line), text.size() - 1) + 1) {
    is_open ^= text.substr(line, 3) == "```";
  }
  return is_open;
}

// Moves what stands from `begin` to the closing mark at `close`, and the mark goes.
void PartAt(size_t begin, size_t close, size_t mark_bytes, std::string& text, std::string& reasoning) {
  reasoning.append(text, begin, close - begin);
  text.erase(0, std::min(text.find_first_not_of(kSpace, close + mark_bytes), text.size()));
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
    for (const ReasoningMarks& marks : kMarks) {
      if (begun.size() < marks.open.size() && marks.open.substr(0, begun.size()) == begun) return;
      if (begun.substr(0, marks.open.size()) == marks.open) marks_ = &marks;
    }
    place_ = marks_ != nullptr ? Place::kInside : Place::kText;
    if (marks_ != nullptr) rest = begun.substr(marks_->open.size());
  }
  if (place_ == Place::kInside) {
    const std::string_view mark = marks_->close;
    const size_t close = rest.find(mark);
    const size_t inside = close == std::string_view::npos ? rest.size() - StartAtEnd(rest, mark) : close;
    reasoning += rest.substr(0, inside);
    rest.remove_prefix(inside);
    if (close != std::string_view::npos) {
      rest.remove_prefix(mark.size());
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
  if (marks_ == nullptr || marks_->open.find("<|channel|>") == std::string_view::npos) return;
  reasoning.erase(std::min(reasoning.find("<|end|>"), reasoning.size()));
  for (const std::string_view end : {"<|return|>", "<|end|>"}) {
    if (text.ends_with(end)) text.erase(text.size() - end.size());
  }
}

void ThinkBlock::PartUnopened(std::string& text, std::string& reasoning) {
  // Harmony's channels where a server took the marks out and left their names.
  if (text.substr(0, kBareAnalysis.size()) == kBareAnalysis) {
    const size_t final = text.find(kBareFinal);
    if (final != std::string::npos) return PartAt(kBareAnalysis.size(), final, kBareFinal.size(), text, reasoning);
  }
  for (const ReasoningMarks& marks : kMarks) {
    if (marks.close.empty() || marks.close == kHarmonyFinal) continue;
    const size_t close = text.find(marks.close);
    if (close == std::string::npos || text.find(marks.open) < close || IsInFence(text, close)) continue;
    if (close == 0 || text[close - 1] == '\n') return PartAt(0, close, marks.close.size(), text, reasoning);
  }
}

}  // namespace ftl
