#include "common/endpoint/answer/retry_hints.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include "common/endpoint/answer/error_words.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr size_t kMostLimits = 16;
// So much is as good as for ever, and every sum of it can be shown.
constexpr double kMostSeconds = 1e9;
constexpr std::string_view kDigits = "0123456789.";

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

std::optional<double> Positive(std::string_view text) {
  double number = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &number) || !(number > 0)) return std::nullopt;
  return number;
}

absl::Duration Bounded(double seconds) { return absl::Seconds(std::min(seconds, kMostSeconds)); }

std::optional<absl::Duration> InUnits(std::string_view text, double unit_seconds) {
  const auto number = Positive(text);
  return number ? std::optional(Bounded(*number * unit_seconds)) : std::nullopt;
}

std::optional<absl::Duration> UntilDate(std::string_view text, absl::Time now) {
  constexpr const char* kForms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S UTC",
                                    "%a, %d %b %Y %H:%M:%S %z",  "%A, %d-%b-%y %H:%M:%S GMT",
                                    "%a %b %e %H:%M:%S %Y",      absl::RFC3339_full};
  for (const char* form : kForms) {
    absl::Time date;
    std::string ignored;
    if (!absl::ParseTime(form, ToAbsl(text), &date, &ignored)) continue;
    return date > now ? std::optional(date - now) : std::nullopt;
  }
  return std::nullopt;
}

// Seconds in one unit of time; 0 for a word that is none.
double SecondsIn(std::string_view unit) {
  struct Unit {
    std::string_view start;
    double seconds;
  };
  constexpr std::array<Unit, 5> kUnits{{{"ms", 1e-3}, {"milli", 1e-3}, {"h", 3600}, {"m", 60}, {"d", 86400}}};
  if (unit.substr(0, 1) == "s") return 1;
  for (const Unit& known : kUnits) {
    if (unit.substr(0, known.start.size()) == known.start) return known.seconds;
  }
  return 0;
}

// A time as people and Go write it at the start of `text`: "6m0s", "12ms", "34.07 s", "10 seconds". `text` is in lower
// case.
std::optional<absl::Duration> LeadingDuration(std::string_view text) {
  double seconds = 0;
  while (true) {
    const size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
    std::string_view rest = text.substr(digits);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const size_t letters = std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), rest.size());
    double number = 0;
    std::string_view figure = text.substr(0, digits);
    while (!figure.empty() && figure.back() == '.') figure.remove_suffix(1);
    const double unit = SecondsIn(rest.substr(0, letters));
    if (figure.empty() || unit == 0 || !absl::SimpleAtod(ToAbsl(figure), &number)) break;
    seconds += number * unit;
    text = rest.substr(letters);
  }
  return seconds > 0 ? std::optional(Bounded(seconds)) : std::nullopt;
}

// A limit's reset: "6m0s", plain seconds, a moment in Unix seconds or milliseconds, or a date.
std::optional<absl::Duration> UntilReset(std::string_view reset, absl::Time now) {
  constexpr double kUnixSeconds = 1e9;
  constexpr double kUnixMilliseconds = 1e12;
  const auto number = Positive(reset);
  if (!number) {
    const auto wait = LeadingDuration(Lower(reset));
    return wait ? wait : UntilDate(reset, now);
  }
  if (*number < kUnixSeconds) return Bounded(*number);
  const double unix_seconds = *number < kUnixMilliseconds ? *number : *number / 1000;
  const double seconds = unix_seconds - absl::ToDoubleSeconds(now - absl::UnixEpoch());
  return seconds > 0 ? std::optional(Bounded(seconds)) : std::nullopt;
}

// `"default";r=0;t=5`, and `limit=10, remaining=0, reset=5` of its drafts.
RetryHints::Limit StructuredLimit(std::string_view value) {
  RetryHints::Limit limit{.name = "ratelimit"};
  for (const absl::string_view part : absl::StrSplit(ToAbsl(value), absl::ByAnyChar(",; "), absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (pair.first == "r" || pair.first == "remaining") limit.remaining = std::string(pair.second);
    if (pair.first == "t" || pair.first == "reset") limit.reset = std::string(pair.second);
  }
  return limit;
}

bool IsUsedUp(const RetryHints::Limit& limit) {
  double remaining = 0;
  return limit.remaining.empty() || (absl::SimpleAtod(limit.remaining, &remaining) && remaining <= 0);
}

// `01:02:03` and `02:03`; nullopt for another text.
std::optional<double> ClockSeconds(const std::string& text) {
  int parts[3] = {0, 0, 0};
  int read = 0;
  const int count = std::count(text.begin(), text.end(), ':') == 2
                        ? std::sscanf(text.c_str(), "%4d:%2d:%2d%n", &parts[0], &parts[1], &parts[2], &read)
                        : 1 + std::sscanf(text.c_str(), "%4d:%2d%n", &parts[1], &parts[2], &read);
  if (count != 3 || read != static_cast<int>(text.size())) return std::nullopt;
  return parts[0] * 3600.0 + parts[1] * 60.0 + parts[2];
}

// `P0DT0H0M3S` as `0d0h0m3s`; any other text as it is. Lower case.
std::string WithoutIsoMarks(std::string text) {
  if (text.substr(0, 1) == "p")
    text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == 'p' || c == 't'; }), text.end());
  return text;
}

// `3`, `"3"`, `3s`, `PT3S`, `00:00:03`, `3, 3`, `in 3 seconds`, `delay=3`, `about 3 seconds`, a moment in Unix time, a
// date.
std::optional<absl::Duration> UntilRetry(std::string_view value, absl::Time now) {
  while (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '"' || value.back() == '\'')) value.remove_suffix(1);
  std::string text = Lower(value);
  for (const std::string_view lead : {"in ", "after ", "~"}) {
    if (text.substr(0, lead.size()) == lead) text.erase(0, lead.size());
  }
  text = WithoutIsoMarks(std::move(text));
  if (const auto seconds = ClockSeconds(text)) {
    return *seconds > 0 ? std::optional(Bounded(*seconds)) : std::nullopt;
  }
  if (const auto wait = UntilReset(text, now)) return wait;
  if (const auto wait = UntilDate(value, now)) return wait;
  // Two servers on the way may each have said it.
  if (const size_t end = text.find_first_of(",; "); end != std::string::npos) {
    if (const auto wait = InUnits(std::string_view(text).substr(0, end), 1)) return wait;
  }
  // The one number among words.
  const size_t number = text.find_first_of(kDigits);
  if (number == std::string::npos || number == 0 ||
      std::string_view(" =:~").find(text[number - 1]) == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(text).substr(number);
  const size_t digits = std::min(rest.find_first_not_of(kDigits), rest.size());
  if (rest.find_first_of("0123456789", digits) != std::string_view::npos) return std::nullopt;
  if (const auto wait = LeadingDuration(rest)) return wait;
  if (absl::EndsWith(text.substr(0, number - 1), "ms")) return InUnits(rest.substr(0, digits), 1e-3);
  return UntilReset(rest.substr(0, digits), now);
}

}  // namespace

void RetryHints::Note(std::string_view field, std::string_view value) {
  std::string name = Lower(field);
  std::replace(name.begin(), name.end(), '_', '-');
  if (absl::EndsWith(name, "retry-after")) {
    if (retry_after.empty()) retry_after = value;
    return;
  }
  if (name.find("ratelimit") == std::string::npos || limits.size() >= kMostLimits) return;
  if (name == "ratelimit") {
    limits.push_back(StructuredLimit(value));
    return;
  }
  for (const auto& [word, part] : {std::pair("remaining", &Limit::remaining), std::pair("reset", &Limit::reset)}) {
    const size_t at = name.find(word);
    if (at == std::string::npos) continue;
    name.erase(at, std::string_view(word).size());
    auto limit = std::find_if(limits.begin(), limits.end(), [&](const Limit& known) { return known.name == name; });
    if (limit == limits.end()) limit = limits.insert(limits.end(), Limit{.name = name});
    (*limit).*part = value;
    return;
  }
}

std::optional<absl::Duration> WaitAskedFor(const RetryHints& hints, absl::Time now) {
  if (const auto wait = InUnits(hints.retry_after_ms, 1e-3)) return wait;
  if (!hints.retry_after.empty()) return UntilRetry(hints.retry_after, now);
  std::optional<absl::Duration> longest;
  for (const RetryHints::Limit& limit : hints.limits) {
    if (!IsUsedUp(limit)) continue;
    const auto wait = UntilReset(limit.reset, now);
    if (wait) longest = std::max(longest.value_or(absl::ZeroDuration()), *wait);
  }
  return longest;
}

std::optional<absl::Duration> WaitSaidIn(const ErrorWords& words) {
  if (const auto wait = LeadingDuration(Lower(words.retry_delay))) return wait;
  const std::string message = Lower(words.message);
  for (const std::string_view lead : {"try again in ", "retry in ", "retry after ", "try again after ", "wait for ",
                                      "wait ", "resets in ", "reset in ", "available in ", "available again in "}) {
    const size_t at = message.find(lead);
    if (at == std::string::npos) continue;
    if (const auto wait = LeadingDuration(std::string_view(message).substr(at + lead.size()))) return wait;
  }
  return std::nullopt;
}

}  // namespace ftl
