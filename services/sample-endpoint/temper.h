#pragma once

#include <span>
#include <string_view>

#include <absl/time/time.h>

namespace ftl::sample_endpoint {

// When the pieces of one answer are sent, counted from the whole request's arrival.
struct Pace {
  absl::Duration first;  // to the first piece
  absl::Duration gap;    // between pieces
  // Where set, all pieces but the first are sent at this moment together.
  absl::Duration whole = absl::ZeroDuration();

  absl::Duration At(int piece) const;
};

// What a model of this endpoint says.
enum class Says {
  kAnswer,
  kAnswerAtLength,
  kReasonedAnswer,  // reasoning before every answer
  kPrompt,          // the prompt itself
  kSixtyFourPieces,
};

// A model that answers: how fast, what, and whether always.
struct Temper {
  std::string_view model;
  absl::Duration first_least, first_most;
  absl::Duration gap_least, gap_most;
  absl::Duration whole;  // as in Pace
  Says says;
  bool is_flaky;           // fails about every fifth prompt, always the same ones
  std::string_view words;  // what it is for, for people

  // The same for the same prompt.
  Pace PaceFor(std::string_view prompt) const;
};

// In the order in which they are listed.
std::span<const Temper> Tempers();
// Null for a model that does not exist.
const Temper* TemperOf(std::string_view model);

// What becomes of a prompt of the flaky model.
enum class Fate { kAnswered, kServerError, kRateLimited, kCutStream };
// The same for the same prompt. A connection test's greeting is always answered, so that one can connect.
Fate FateOf(std::string_view prompt);

}  // namespace ftl::sample_endpoint
