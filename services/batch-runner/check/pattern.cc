#include "services/batch-runner/check/pattern.h"

#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostExpressionBytes = 4096;
constexpr int kMostProgramSteps = 20'000;
constexpr int64_t kMemoryBytes = 1024 * 1024;

RE2::Options OptionsFor(Pattern::Case letters) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytes);
  options.set_case_sensitive(letters == Pattern::Case::kExact);
  return options;
}

re2::StringPiece Piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }

}  // namespace

Pattern::Pattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
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
  return Pattern(std::move(compiled));
}

Pattern Pattern::Text(std::string_view text, Case letters) {
  RE2::Options options = OptionsFor(letters);
  options.set_literal(true);
  options.set_max_mem(RE2::Options::kDefaultMaxMem * 4);  // 64 KiB of text to find must fit
  return Pattern(std::make_unique<RE2>(Piece(text), options));
}

Pattern::Found Pattern::Find(std::string_view text, Where where, MatchWork& work) const {
  const int64_t steps = expression_->options().literal() ? 1 : expression_->ProgramSize();
  work.left -= steps * static_cast<int64_t>(text.size());
  if (work.left < 0) return Found::kTooMuchWork;
  const RE2::Anchor anchors[] = {RE2::UNANCHORED, RE2::ANCHOR_START, RE2::ANCHOR_BOTH};
  const bool is_found = expression_->ok() && expression_->Match(Piece(text), 0, text.size(),
                                                                anchors[static_cast<size_t>(where)], nullptr, 0);
  return is_found ? Found::kYes : Found::kNo;
}

}  // namespace ftl::batch_runner
