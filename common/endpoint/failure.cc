#include "common/endpoint/failure.h"

#include <algorithm>
#include <initializer_list>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "common/text/view.h"

namespace ftl {
namespace {

using namespace endpoint_pb;  // the enum values, which carry their names' prefix

// The official clients never wait longer.
constexpr absl::Duration kLongestWait = absl::Seconds(120);

CallFailure Failure(ErrorType type, Outcome outcome, std::string sentence, bool retryable) {
  return {.error_type = type, .outcome = outcome, .sentence = std::move(sentence), .retryable = retryable};
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

bool HasAny(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// The words of an error in lower case: how it names itself, and what it says.
struct LowerWords {
  explicit LowerWords(const ErrorWords& words)
      : name(Lower(words.type + " " + words.code)), message(Lower(words.message)) {}
  std::string name;
  std::string message;
};

// Out of credit, as opposed to too fast. Gemini says "quota" for both, but asks to retry in the second case.
bool IsQuota(int status, const LowerWords& words) {
  if (status == 402 || status == 412) return true;
  if (HasAny(words.name, {"insufficient_quota", "credit_balance", "spend_limit_exceeded", "usage_limit_exceeded",
                          "billing_hard_limit", "billing_not_active", "insufficient_balance"})) {
    return true;
  }
  if (status != 400 && status != 403 && status != 429) return false;
  if (HasAny(words.message, {"retry in", "try again in"})) return false;
  return HasAny(words.message, {"credit balance is too low", "insufficient credit", "insufficient balance",
                                "insufficient quota", "exceeded your current quota", "spend limit", "spending limit",
                                "out of credit", "per-day", "per day", "daily limit", "daily quota"});
}

bool IsFilter(const LowerWords& words) {
  return HasAny(words.name, {"content_filter", "content_policy", "moderation"}) ||
         HasAny(words.message, {"content management policy", "content filter", "flagged by moderation",
                                "requires moderation", "input was flagged"});
}

bool IsUnknownModel(const LowerWords& words) {
  if (HasAny(words.name, {"model_not_found", "invalid_model", "model_not_supported", "model_not_available"}))
    return true;
  return HasAny(words.message, {"model"}) &&
         HasAny(words.message, {"not found", "does not exist", "not exist", "invalid model", "unknown model",
                                "not a valid model", "no such model", "not_found"});
}

CallFailure Throttled(int status, std::optional<absl::Duration> wait) {
  const std::string when =
      wait ? fmt::format(" It asks to wait {} s.", static_cast<int64_t>(absl::ToDoubleSeconds(*wait) + 0.999)) : "";
  if (status == 429) {
    return Failure(
        ERROR_TYPE_RATE_LIMIT, OUTCOME_THROTTLED,
        fmt::format("The endpoint says that requests come too fast (429).{} Lower the concurrency or wait.", when),
        true);
  }
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_THROTTLED,
                 fmt::format("The endpoint is overloaded or not ready ({}).{} Try again later.", status, when), true);
}

CallFailure UnknownModel(int status, const ErrorWords& words, const LowerWords& lower) {
  if (status == 404 && !IsUnknownModel(lower)) {
    return Failure(
        ERROR_TYPE_MODEL_NOT_FOUND, OUTCOME_MODEL_NOT_FOUND,
        fmt::format("The endpoint knows no such path or model (404). Check the URL, which often ends in /v1, "
                    "and the model's id.{}",
                    Quoted(words.message)),
        false);
  }
  return Failure(ERROR_TYPE_MODEL_NOT_FOUND, OUTCOME_MODEL_NOT_FOUND,
                 fmt::format("The endpoint does not know the model ({}). Choose one that it lists.{}", status,
                             Quoted(words.message)),
                 false);
}

CallFailure Classified(int status, const ErrorWords& words, std::optional<absl::Duration> wait) {
  const LowerWords lower(words);
  const std::string said = words.is_html ? std::string(" It sent a web page.") : Quoted(words.message);
  if (status < 400) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                   fmt::format("The endpoint redirects elsewhere ({}), which is not followed. Give the URL that it "
                               "redirects to.",
                               status),
                   false);
  }
  if (IsQuota(status, lower)) {
    return Failure(ERROR_TYPE_RATE_LIMIT, OUTCOME_QUOTA,
                   fmt::format("The account behind the key is out of credit or over its limit ({}). Add credit or use "
                               "another key.",
                               status),
                   false);
  }
  if (status < 500 && IsFilter(lower)) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_FILTERED,
                   fmt::format("The endpoint's content filter refused the prompt ({}).", status), false);
  }
  switch (status) {
    case 401:
      return Failure(ERROR_TYPE_AUTH, OUTCOME_AUTH,
                     "The endpoint refused the key (401). Check the key and that it belongs to this endpoint.", false);
    case 403:
      return Failure(ERROR_TYPE_AUTH, OUTCOME_AUTH,
                     "The endpoint does not let this key make the call (403). Check that the key is right and may use "
                     "this model.",
                     false);
    case 404:
      return UnknownModel(status, words, lower);
    case 429:
    case 503:
    case 529:
      return Throttled(status, wait);
    default:
      break;
  }
  if (status < 500 && IsUnknownModel(lower)) return UnknownModel(status, words, lower);
  if (status < 500 && status != 408 && status != 409) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                   fmt::format("The endpoint did not accept the request ({}).{}", status, said), false);
  }
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, fmt::format("The endpoint failed ({}).{}", status, said),
                 true);
}

// The HTTP status that an error without one would have had.
int StatusFromNames(const ErrorWords& words) {
  const std::string name = LowerWords(words).name;
  if (HasAny(name, {"authentication", "invalid_api_key", "unauthorized", "unauthenticated"})) return 401;
  if (HasAny(name, {"permission"})) return 403;
  if (HasAny(name, {"not_found", "notfound"})) return 404;
  if (HasAny(name, {"rate_limit", "slow_down", "too_many_requests", "resource_exhausted", "insufficient_quota"}))
    return 429;
  if (HasAny(name, {"overloaded"})) return 529;
  if (HasAny(name, {"unavailable"})) return 503;
  if (HasAny(name, {"invalid_request", "validation", "badrequest", "bad_request", "content_filter"})) return 400;
  return 500;
}

std::optional<absl::Duration> Seconds(std::string_view text, absl::Duration unit) {
  double number = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &number) || !(number > 0) || number > 1e9) return std::nullopt;
  return number * unit;
}

}  // namespace

CallFailure FailureOf(TransportFault fault, std::string_view detail) {
  const std::string reason = detail.empty() ? "" : fmt::format(" ({})", detail);
  const auto network = [](std::string_view sentence, bool retryable) {
    return Failure(ERROR_TYPE_NETWORK, OUTCOME_TRANSPORT, std::string(sentence), retryable);
  };
  switch (fault) {
    case TransportFault::kNameNotFound:
      return network("The endpoint's name has no address. Check the URL's spelling.", false);
    case TransportFault::kLookupFailed:
      return network("The endpoint's name could not be looked up. Try again in a moment.", true);
    case TransportFault::kBlockedAddress:
      return Failure(ERROR_TYPE_BLOCKED_ADDRESS, OUTCOME_BLOCKED_ADDRESS,
                     "The endpoint's name leads to an address that may not be called. Use an endpoint on the public "
                     "internet.",
                     false);
    case TransportFault::kConnectRefused:
      return network("The endpoint refused the connection. Check that it runs and that the port is right.", true);
    case TransportFault::kUnreachable:
      return network("The endpoint could not be reached. Check the URL and that it is on the internet.", true);
    case TransportFault::kCut:
      return network("The endpoint cut the connection before its answer was whole.", true);
    case TransportFault::kLookupTimeout:
      return Failure(ERROR_TYPE_TIMEOUT, OUTCOME_TIMEOUT, "Looking the endpoint's name up took too long.", true);
    case TransportFault::kConnectTimeout:
      return Failure(ERROR_TYPE_TIMEOUT, OUTCOME_TIMEOUT,
                     "The endpoint did not take the connection in time. Check that it runs and is not behind a "
                     "firewall.",
                     true);
    case TransportFault::kTlsTimeout:
      return Failure(ERROR_TYPE_TIMEOUT, OUTCOME_TIMEOUT,
                     "The endpoint took the connection but did not finish the TLS handshake in time.", true);
    case TransportFault::kTimeout:
      return Failure(ERROR_TYPE_TIMEOUT, OUTCOME_TIMEOUT,
                     "The endpoint did not answer in time. Allow more time or ask for fewer tokens.", false);
    case TransportFault::kCertificate:
      return Failure(ERROR_TYPE_TLS, OUTCOME_TRANSPORT,
                     fmt::format("The endpoint's certificate is not good for this name{}. It needs one from a known "
                                 "authority.",
                                 reason),
                     false);
    case TransportFault::kTls:
      return Failure(ERROR_TYPE_TLS, OUTCOME_TRANSPORT,
                     fmt::format("The TLS handshake with the endpoint failed{}. Check that the port speaks https, TLS "
                                 "1.2 or newer.",
                                 reason),
                     false);
    case TransportFault::kCancelled:
      break;
  }
  return Failure(ERROR_TYPE_UNKNOWN, OUTCOME_CANCELLED, "The call was broken off.", false);
}

CallFailure FailureOf(FormatFault fault) {
  const auto bad = [](std::string_view sentence) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_BAD_FORMAT, std::string(sentence), false);
  };
  switch (fault) {
    case FormatFault::kHead:
      return bad("The endpoint answered with something that is not proper HTTP/1.1. Check the port and https or http.");
    case FormatFault::kHeadTooLong:
      return bad("The endpoint's answer has more than 16 KiB of headers.");
    case FormatFault::kCompressed:
      return bad("The endpoint compressed its answer, which it was asked not to do.");
    case FormatFault::kBodyTooLong:
      return bad("The endpoint's answer is longer than is allowed.");
    case FormatFault::kLineTooLong:
      return bad("The endpoint's stream has a line that is longer than is allowed.");
    case FormatFault::kChunks:
      return bad("The endpoint's answer is not properly chunked.");
    case FormatFault::kNotJson:
      return bad("The endpoint's answer is not JSON. Check that the URL is that of an OpenAI-compatible API.");
    case FormatFault::kHtml:
      return bad("The endpoint answered with a web page. Check the URL, which often ends in /v1.");
    case FormatFault::kEmpty:
      return bad("The endpoint's answer is empty.");
    case FormatFault::kNoChoices:
      return bad("The endpoint's answer is not a chat completion: it has no choices.");
    case FormatFault::kNoModels:
      return bad("The endpoint's answer is not a list of models. Type the model's id yourself.");
    case FormatFault::kTextTooLong:
      return bad("The endpoint's answer is longer than is allowed and was broken off.");
  }
  return bad("The endpoint's answer is not a chat completion.");
}

CallFailure TruncatedStream(bool cut) {
  if (cut) {
    return Failure(ERROR_TYPE_NETWORK, OUTCOME_TRUNCATED_STREAM,
                   "The endpoint cut the connection in the middle of its answer.", true);
  }
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_TRUNCATED_STREAM,
                 "The endpoint's stream ended without saying that the answer is finished.", true);
}

CallFailure FilteredAnswer() {
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_FILTERED, "The endpoint's content filter stopped the answer.", false);
}

CallFailure FailureOfAnswer(int status, const ErrorWords& words, const RetryHints& hints, absl::Time now) {
  const std::optional<absl::Duration> wait = WaitAskedFor(hints, now);
  CallFailure failure = Classified(status, words, wait);
  failure.retry_after = wait;
  if (failure.outcome == OUTCOME_QUOTA) return failure;
  const std::string should_retry = Lower(hints.should_retry);
  if (wait && *wait > kLongestWait) {
    failure.retryable = false;
  } else if (should_retry == "true" || should_retry == "false") {
    failure.retryable = should_retry == "true";
  }
  return failure;
}

CallFailure FailureOfErrorEvent(const ErrorWords& words) {
  return Classified(words.status != 0 ? words.status : StatusFromNames(words), words, std::nullopt);
}

std::optional<absl::Duration> WaitAskedFor(const RetryHints& hints, absl::Time now) {
  if (const auto wait = Seconds(hints.retry_after_ms, absl::Milliseconds(1))) return wait;
  if (const auto wait = Seconds(hints.retry_after, absl::Seconds(1))) return wait;
  absl::Time date;
  std::string ignored;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(hints.retry_after), &date, &ignored)) return std::nullopt;
  return date > now ? std::optional(date - now) : std::nullopt;
}

}  // namespace ftl
