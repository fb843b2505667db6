#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/retry_hints.h"
#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl {

namespace endpoint_pb = finetunelab::endpoint::v1;

// Any way in which a call can fail, as one error type and a sentence that helps. Pure. Nothing here repeats text that
// looks like a key; what an endpoint wrote is classified, shortened and put in quotes.
struct CallFailure {
  endpoint_pb::ErrorType error_type = endpoint_pb::ERROR_TYPE_UNSPECIFIED;
  endpoint_pb::Outcome outcome = endpoint_pb::OUTCOME_UNSPECIFIED;
  // One or two plain sentences: what happened, what to do.
  std::string sentence;
  // The same call may succeed later. False where it cannot, and where the endpoint asks for a wait beyond two minutes.
  bool retryable = false;
  // Nothing of the endpoint: this process had no room for the call, and it may be made again at any time.
  bool ours = false;
  // How long the endpoint asks to wait before the same call, where it says so; more than two minutes too, to be shown.
  std::optional<absl::Duration> retry_after;
};

// Below HTTP.
enum class TransportFault {
  kNameNotFound,
  kLookupFailed,
  kLookupTimeout,
  kNoRoom,  // this process is out of look-ups, file descriptors or memory
  kBlockedAddress,
  kConnectRefused,
  kConnectTimeout,
  kUnreachable,
  kCertificate,
  kTls,
  kTlsTimeout,
  kCut,       // the connection ended before the answer did
  kTimeout,   // the call's own limit
  kCancelled  // never shown: the caller answers CANCELLED
};
// `detail` is OpenSSL's reason for kCertificate and kTls, else empty.
CallFailure FailureOf(TransportFault fault, std::string_view detail = {});

// Answers that are no chat completion.
enum class FormatFault {
  kHead,         // no HTTP, or HTTP that is not allowed (framing)
  kHeadTooLong,  //
  kCompressed,
  kBodyTooLong,
  kLineTooLong,
  kChunks,
  kNotJson,
  kHtml,
  kEmpty,
  kNoChoices,
  kNoModels,
  kTextTooLong,
};
CallFailure FailureOf(FormatFault fault);

// The stream ended with neither a finish reason nor `[DONE]`. `cut`: the connection ended too.
CallFailure TruncatedStream(bool cut);
// The endpoint's content filter stopped the answer.
CallFailure FilteredAnswer();

// An error answer: status 300 and above, and what its body says. `now` is for dates in `retry_after`.
CallFailure FailureOfAnswer(int status, const ErrorWords& words, const RetryHints& hints, absl::Time now);

// A redirect to `url`, which leads nowhere else: it has the endpoint's own host.
CallFailure RedirectWithin(int status, std::string_view url);

// An error within a 200 answer or its stream.
CallFailure FailureOfErrorEvent(const ErrorWords& words);

}  // namespace ftl
