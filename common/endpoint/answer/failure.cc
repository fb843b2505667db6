#include "common/endpoint/answer/failure.h"

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/endpoint/answer/error_meaning.h"
#include "common/text/view.h"

namespace ftl {
namespace {

using namespace endpoint_pb;  // the enum values, which carry their names' prefix

// The official clients never wait longer.
constexpr absl::Duration kLongestWait = absl::Seconds(120);
// How soon to ask again for a model that is loading and does not say how long it takes.
constexpr absl::Duration kLoading = absl::Seconds(2);

CallFailure Failure(ErrorType type, Outcome outcome, std::string sentence, bool retryable) {
  return {.error_type = type, .outcome = outcome, .sentence = std::move(sentence), .retryable = retryable};
}

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

CallFailure Throttled(int status, std::string_view told, std::string_view said, std::optional<absl::Duration> wait) {
  const std::string when =
      wait ? fmt::format(" It asks to wait {} s.", static_cast<int64_t>(absl::ToDoubleSeconds(*wait) + 0.999)) : "";
  if (status == 429) {
    return Failure(ERROR_TYPE_RATE_LIMIT, OUTCOME_THROTTLED,
                   fmt::format("The endpoint says that requests come too fast ({}).{} Lower the concurrency or wait.{}",
                               told, when, said),
                   true);
  }
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_THROTTLED,
                 fmt::format("The endpoint is overloaded or not ready ({}).{} Try again later.{}", told, when, said),
                 true);
}

CallFailure UnknownModel(int status, std::string_view told, std::string_view said, const ErrorMeaning& meaning) {
  if (status == 404 && !meaning.IsUnknownModel()) {
    return Failure(ERROR_TYPE_MODEL_NOT_FOUND, OUTCOME_MODEL_NOT_FOUND,
                   fmt::format("The endpoint knows no such path or model ({}). Check the URL, which often ends in /v1, "
                               "and the model's id.{}",
                               told, said),
                   false);
  }
  return Failure(ERROR_TYPE_MODEL_NOT_FOUND, OUTCOME_MODEL_NOT_FOUND,
                 fmt::format("The endpoint does not know the model ({}). Choose one that it lists.{}", told, said),
                 false);
}

CallFailure RefusedKey(std::string_view told, std::string_view said) {
  return Failure(ERROR_TYPE_AUTH, OUTCOME_AUTH,
                 fmt::format("The endpoint refused the key ({}). Check the key and that it belongs to this endpoint.{}",
                             told, said),
                 false);
}

CallFailure Classified(int status, const std::string& told, const ErrorWords& words,
                       std::optional<absl::Duration> wait) {
  const ErrorMeaning meaning(words);
  std::string said = Quoted(words.message);
  if (words.is_html) said = " It sent a web page." + (said.empty() ? said : said + ".");
  if (status < 400) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                   fmt::format("The endpoint redirects elsewhere ({}), which is not followed. Give the URL that it "
                               "redirects to.",
                               told),
                   false);
  }
  if (meaning.WantsHttps()) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                   fmt::format("The endpoint's port speaks https ({}): use https:// in the URL.", told), false);
  }
  if (meaning.IsOutOfCredit(status)) {
    return Failure(ERROR_TYPE_RATE_LIMIT, OUTCOME_QUOTA,
                   fmt::format("The account behind the key is out of credit or over its limit ({}). Add credit or use "
                               "another key.{}",
                               told, said),
                   false);
  }
  if (status < 500 && meaning.IsFiltered()) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_FILTERED,
                   fmt::format("The endpoint's content filter refused the prompt ({}).{}", told, said), false);
  }
  if (status != 401 && status != 403 && meaning.IsLoading()) {
    CallFailure loading =
        Failure(ERROR_TYPE_API_ERROR, OUTCOME_THROTTLED,
                fmt::format("The model is still loading ({}). Wait a moment, then try again.{}", told, said), true);
    loading.retry_after = wait.value_or(kLoading);
    return loading;
  }
  switch (status) {
    case 401:
      return RefusedKey(told, said);
    case 403:
      return Failure(
          ERROR_TYPE_AUTH, OUTCOME_AUTH,
          fmt::format("The endpoint does not let this key make the call ({}). Check that the key is right and "
                      "may use this model.{}",
                      told, said),
          false);
    case 404:
      return UnknownModel(status, told, said, meaning);
    case 429:
    case 503:
    case 529:
      return Throttled(status, told, said, wait);
    default:
      break;
  }
  if (status < 500 && meaning.IsUnknownModel()) return UnknownModel(status, told, said, meaning);
  if (status < 500 && meaning.IsRefusedKey()) return RefusedKey(told, said);
  // TGI says 424 where its own engine failed.
  if (status < 500 && status != 408 && status != 409 && status != 424) {
    return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                   fmt::format("The endpoint did not accept the request ({}).{}", told, said), false);
  }
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, fmt::format("The endpoint failed ({}).{}", told, said),
                 true);
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
    case TransportFault::kNoRoom: {
      CallFailure ours =
          Failure(ERROR_TYPE_UNKNOWN, OUTCOME_TRANSPORT,
                  "We had no room for this call just now; the endpoint was not asked. Try again shortly.", true);
      ours.ours = true;
      return ours;
    }
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
  std::optional<absl::Duration> wait = WaitAskedFor(hints.empty() ? words.quoted : hints, now);
  if (!wait && (status == 429 || status == 503 || ErrorMeaning(words).IsLoading())) wait = WaitSaidIn(words);
  CallFailure failure = Classified(status, std::to_string(status), words, wait);
  if (failure.outcome == OUTCOME_QUOTA) return failure;
  // A wait means something only for what may go better next time.
  const std::string should_retry = Lower(hints.should_retry);
  if (wait && (failure.retryable || should_retry == "true")) failure.retry_after = wait;
  if (should_retry == "true" || should_retry == "false") failure.retryable = should_retry == "true";
  if (wait && *wait > kLongestWait) failure.retryable = false;
  return failure;
}

CallFailure RedirectWithin(int status, std::string_view url) {
  return Failure(ERROR_TYPE_API_ERROR, OUTCOME_REFUSED,
                 fmt::format("The endpoint redirects to {} ({}), which is not followed. Give that URL.", url, status),
                 false);
}

CallFailure FailureOfErrorEvent(const ErrorWords& words) {
  // No status came with it but perhaps its own.
  if (words.status == 0) return Classified(ErrorMeaning(words).Status(), "an error in its answer", words, std::nullopt);
  return Classified(words.status, fmt::format("error {} in its answer", words.status), words, std::nullopt);
}

}  // namespace ftl
