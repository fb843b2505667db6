#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

namespace ftl {

struct ErrorWords;

// What an error answer's head says about trying again; values as sent.
struct RetryHints {
  std::string retry_after_ms;
  std::string retry_after;   // seconds, a time with its unit, a moment or a date
  std::string should_retry;  // x-should-retry

  // One of the limits that the endpoint keeps: requests, tokens, … in a minute, a day, …
  struct Limit {
    std::string name;
    std::string remaining;
    std::string reset;
  };
  std::vector<Limit> limits = {};

  bool empty() const { return retry_after_ms.empty() && retry_after.empty() && limits.empty(); }

  // Notes a field such as `x-ratelimit-reset-requests`, `anthropic-ratelimit-tokens-remaining`, `ratelimit-reset`, the
  // structured `ratelimit` of the IETF, or another name of `retry-after`; any other is left alone.
  void Note(std::string_view field, std::string_view value);
};

// How long to wait as the head says, the official clients' order: milliseconds, seconds, date. Where none of these is
// there: until the limit that is used up starts anew. Nullopt where nothing sensible is said. Pure.
std::optional<absl::Duration> WaitAskedFor(const RetryHints& hints, absl::Time now);

// How long to wait as the body says: Google's `retryDelay`, "Please try again in 17m6.4s". Pure.
std::optional<absl::Duration> WaitSaidIn(const ErrorWords& words);

}  // namespace ftl
