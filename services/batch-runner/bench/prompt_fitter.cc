#include "services/batch-runner/bench/prompt_fitter.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace ftl::batch_runner {
namespace {

// Written for this; common words, so that it is about a token a word to any model.
constexpr auto kWords = std::to_array<std::string_view>(
    {"The",     "harbour", "was",   "quiet",   "when",  "the",   "first",  "boat",  "came", "in",     "with",
     "the",     "morning", "light", "behind",  "it",    "and",   "nobody", "on",    "the",  "pier",   "but",
     "an",      "old",     "man",   "who",     "had",   "been",  "there",  "since", "the",  "night",  "before",
     "He",      "looked",  "at",    "the",     "water", "as",    "others", "look",  "at",   "a",      "clock",
     "and",     "said",    "that",  "the",     "wind",  "would", "turn",   "by",    "noon", "which",  "it",
     "did",     "The",     "crew",  "carried", "boxes", "of",    "fish",   "up",    "the",  "stairs", "and",
     "counted", "them",    "twice", "because", "the",   "price", "had",    "gone",  "up",   "again",  "and",
     "every",   "box",     "was",   "worth",   "a",     "day",   "of",     "work",  "In",   "the",    "market",
     "people",  "asked",   "where", "it",      "came",  "from",  "how",    "long",  "it",   "would",  "keep",
     "and",     "whether", "there", "was",     "more",  "to",    "come",   "next",  "week"});
// With a space before it a token of its own to nearly every model.
constexpr std::string_view kPad = " a";

}  // namespace

PromptFitter::PromptFitter(int wanted)
    : wanted_(wanted), words_(std::max(1, wanted / 2)), least_off_(std::numeric_limits<int>::max()) {
  Make();
}

void PromptFitter::Counted(int tokens) {
  const int off = std::abs(wanted_ - tokens);
  if (off < least_off_) {
    least_off_ = off;
    nearest_ = prompt_;
  }
  if (off == 0 || ++questions_ == kMostQuestions) {
    prompt_ = nearest_;
    is_settled_ = true;
    return;
  }
  const int left = wanted_ - tokens;
  // The text is made a little too short, then the rest is filled up word by word.
  if (left > 0 && left <= std::max(8, wanted_ / 20)) {
    pads_ += left;
  } else if (pads_ + left >= 0 && pads_ > 0) {
    pads_ += left;
  } else {
    const double per_word = std::max(0.5, static_cast<double>(tokens - pads_) / words_);
    words_ = std::max(1, words_ + static_cast<int>((left + pads_ - 2) / per_word) - 1);
    pads_ = 0;
  }
  Make();
}

void PromptFitter::Make() {
  prompt_.clear();
  for (int i = 0; i < words_; ++i) {
    if (i > 0) prompt_ += ' ';
    prompt_ += kWords[static_cast<size_t>(i) % kWords.size()];
  }
  for (int i = 0; i < pads_; ++i) prompt_ += kPad;
}

}  // namespace ftl::batch_runner
