#include "services/sample-endpoint/temper.h"

#include "services/sample-endpoint/prompt_hash.h"

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kGreeting = "Hello, are you there?";

constexpr absl::Duration kNone = absl::ZeroDuration();

constexpr absl::Duration Ms(int64_t milliseconds) { return absl::Milliseconds(milliseconds); }

absl::Duration Between(absl::Duration least, absl::Duration most, uint64_t draw) {
  const int64_t span = absl::ToInt64Microseconds(most - least);
  return span == 0 ? least : least + absl::Microseconds(static_cast<int64_t>(draw % static_cast<uint64_t>(span)));
}

}  // namespace

absl::Duration Pace::At(int piece) const {
  if (whole > absl::ZeroDuration() && piece > 0) return whole;
  return first + piece * gap;
}

Pace Temper::PaceFor(std::string_view prompt) const {
  return {Between(first_least, first_most, PromptHash(prompt, /*salt=*/2)),
          Between(gap_least, gap_most, PromptHash(prompt, /*salt=*/3)), whole};
}

std::span<const Temper> Tempers() {
  static const Temper kTempers[] = {
      {"sample-flaky", Ms(200), Ms(900), Ms(5), Ms(15), kNone, Says::kAnswer, true,
       "As sample-steady, but about every fifth prompt fails: 500, 429 once, or a stream that is cut."},
      {"sample-steady", Ms(200), Ms(900), Ms(5), Ms(15), kNone, Says::kAnswer, false,
       "A realistic pace: 200-900 ms to the first token, then 65-200 tokens a second."},
      {"sample-fast", Ms(35), Ms(45), Ms(2), Ms(2), kNone, Says::kAnswer, false,
       "About 40 ms to the first token, then 500 tokens a second."},
      {"sample-slow", Ms(2000), Ms(4000), Ms(60), Ms(120), kNone, Says::kAnswer, false,
       "2-4 s to the first token, then 8-16 tokens a second."},
      {"sample-chatty", Ms(100), Ms(300), Ms(4), Ms(6), kNone, Says::kAnswerAtLength, false,
       "Answers, and then does not stop: well over 1,000 tokens unless limited."},
      {"sample-reasoner", Ms(100), Ms(300), Ms(5), Ms(10), kNone, Says::kReasonedAnswer, false,
       "Sends reasoning_content before every answer."},
      {"sample-echo", kNone, kNone, kNone, kNone, kNone, Says::kPrompt, false,
       "Answers with the prompt, without delay."},
      {"sample-zero", kNone, kNone, kNone, kNone, kNone, Says::kAnswer, false, "Answers without delay."},
      {"sample-100ms", Ms(50), Ms(50), kNone, kNone, Ms(100), Says::kAnswer, false,
       "Takes exactly 100 ms: the first token at 50 ms, the rest at 100 ms."},
      {"sample-1s", Ms(500), Ms(500), kNone, kNone, Ms(1000), Says::kAnswer, false,
       "Takes exactly 1 s: the first token at 500 ms, the rest at 1 s."},
      {"sample-64", kNone, kNone, kNone, kNone, kNone, Says::kSixtyFourPieces, false,
       "Answers with exactly 64 tokens, without delay."},
  };
  return kTempers;
}

const Temper* TemperOf(std::string_view model) {
  for (const Temper& temper : Tempers()) {
    if (temper.model == model) return &temper;
  }
  return nullptr;
}

Fate FateOf(std::string_view prompt) {
  const uint64_t draw = PromptHash(prompt, /*salt=*/4);
  if (prompt == kGreeting || draw % 5 != 0) return Fate::kAnswered;
  switch ((draw / 5) % 3) {
    case 0:
      return Fate::kServerError;
    case 1:
      return Fate::kRateLimited;
    default:
      return Fate::kCutStream;
  }
}

}  // namespace ftl::sample_endpoint
