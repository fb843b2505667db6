#include "services/batch-runner/check/pattern.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostExpressionBytes = 4096;
constexpr int kMostProgramSteps = 20'000;
constexpr int64_t kMemoryBytes = 1024 * 1024;
// The largest expression takes a few milliseconds to make; a short one without repetitions and classes is never large.
constexpr int64_t kWorkOfMaking = 10'000;
constexpr int64_t kWorkOfMakingLarge = 500'000;
constexpr size_t kShortBytes = 100;
// What a search costs beside its bytes.
constexpr int64_t kWorkOfStart = 8;

RE2::Options OptionsFor(Pattern::Case letters) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytes);
  options.set_case_sensitive(letters == Pattern::Case::kExact);
  return options;
}

char Lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte; }

re2::StringPiece Piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }

}  // namespace

Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

absl::StatusOr<Pattern> Pattern::Regex(std::string_view expression, Case letters) {
  if (expression.size() > kMostExpressionBytes) return absl::InvalidArgumentError("is longer than 4 KiB");
  auto compiled = std::make_unique<RE2>(Piece(expression), OptionsFor(letters));
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(fmt::format("is no regular expression in RE2's syntax: {}", compiled->error()));
  }
  if (compiled->ProgramSize() > kMostProgramSteps) {
    return absl::InvalidArgumentError("is too large an expression; use smaller repetitions");
  }
  Pattern pattern;
  pattern.expression_ = std::move(compiled);
  return pattern;
}

int64_t Pattern::WorkOfMaking(std::string_view expression) {
  const bool may_be_large = expression.size() > kShortBytes || expression.find('{') != std::string_view::npos ||
                            expression.find("\\p") != std::string_view::npos;
  return may_be_large ? kWorkOfMakingLarge : kWorkOfMaking;
}

Pattern Pattern::Text(std::string_view text, Case letters) {
  Pattern pattern;
  pattern.text_ = text;
  pattern.ignores_case_ = letters == Case::kIgnored;
  if (letters == Case::kExact) return pattern;
  if (std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; })) {
    for (char& byte : pattern.text_) byte = Lower(byte);
    return pattern;
  }
  RE2::Options options = OptionsFor(letters);
  options.set_literal(true);
  options.set_max_mem(RE2::Options::kDefaultMaxMem * 4);  // 64 KiB of text to find must fit
  pattern.expression_ = std::make_unique<RE2>(Piece(text), options);
  return pattern;
}

bool Pattern::IsThere(std::string_view text, Where where) const {
  if (expression_) {
    const RE2::Anchor anchors[] = {RE2::UNANCHORED, RE2::ANCHOR_START, RE2::ANCHOR_BOTH};
    return expression_->ok() &&
           expression_->Match(Piece(text), 0, text.size(), anchors[static_cast<size_t>(where)], nullptr, 0);
  }
  if (where != Where::kAnywhere && text.size() < text_.size()) return false;
  if (where == Where::kWhole && text.size() != text_.size()) return false;
  if (where != Where::kAnywhere) text = text.substr(0, text_.size());
  if (!ignores_case_) return text.find(text_) != std::string_view::npos;
  const auto same = [](char found, char wanted) { return Lower(found) == wanted; };
  return std::search(text.begin(), text.end(), text_.begin(), text_.end(), same) != text.end() || text_.empty();
}

Pattern::Found Pattern::Find(std::string_view text, Where where, MatchWork& work) const {
  // Plain search is at its worst where text and what is sought are the same letter again and again.
  int64_t steps = 1 + static_cast<int64_t>(text_.size() / 8);
  if (expression_) steps = expression_->options().literal() ? 1 : expression_->ProgramSize();
  if (!work.Take(steps * (kWorkOfStart + static_cast<int64_t>(text.size())))) return Found::kTooMuchWork;
  return IsThere(text, where) ? Found::kYes : Found::kNo;
}

}  // namespace ftl::batch_runner
