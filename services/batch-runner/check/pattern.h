#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "services/batch-runner/check/match_work.h"

namespace re2 {
class RE2;
}

namespace ftl::batch_runner {

// A regular expression in RE2's syntax with its default options, or plain text; with or without regard to case, in
// every script. Any thread.
class Pattern {
 public:
  enum class Case { kExact, kIgnored };

  // INVALID_ARGUMENT with RE2's words.
  static absl::StatusOr<Pattern> Regex(std::string_view expression, Case letters = Case::kExact);
  // What making an expression costs, which must be taken before it is made where strangers' are made in numbers.
  static int64_t WorkOfMaking(std::string_view expression);
  static Pattern Text(std::string_view text, Case letters);
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  enum class Where { kAnywhere, kAtStart, kWhole };
  enum class Found { kYes, kNo, kTooMuchWork };
  Found Find(std::string_view text, Where where, MatchWork& work) const;

 private:
  Pattern() = default;
  bool IsThere(std::string_view text, Where where) const;

  std::unique_ptr<re2::RE2> expression_;  // null where plain search does it
  std::string text_;                      // ASCII small letters where case is ignored
  bool ignores_case_ = false;
};

}  // namespace ftl::batch_runner
