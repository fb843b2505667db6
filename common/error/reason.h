#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace ftl {

// Every way the product says no. A reason is stable: clients and dashboards read it. Its lower-case name is the `code`
// of a problem document, its upper-case name the `reason` of google.rpc.ErrorInfo.
enum class Reason {
  kInternal,
  kMalformedJson,
  kUnknownField,
  kWrongType,
  kInvalidField,
  kBadRequest,
  kSessionConflict,
  kNotFound,
  kMethodNotAllowed,
  kUnsupportedMediaType,
  kBodyTooLarge,
  kUriTooLong,
  kHeadTooLarge,
  kRequestTimeout,
  kForbiddenOrigin,
  kUnauthenticated,
  kPermissionDenied,
  kSessionNotFound,
  kSessionExpired,
  kActiveSessionExists,
  kEndpointNotAllowed,
  kConnectionNotTested,
  kRunNotFound,
  kNoRun,
  kRunInProgress,
  kSuiteNotFound,
  kPromptLimitExceeded,
  kKeyForgotten,
  kKeyFormat,
  kRateLimited,
  kChatLimitReached,
  kIdempotencyKeyReused,
  kFormatNotAvailable,
  kEndpointFailed,
  kEndpointTimeout,
  kDraining,
  kOverloaded,
  kDatabaseUnavailable,
  kServiceUnavailable,
  kDeadlineExceeded,
  kCancelled,
  kConflict,
};

// What a reason is called and which status it becomes.
struct ReasonFacts {
  Reason reason;
  std::string_view name;  // UPPER_SNAKE
  absl::StatusCode code;  // for gRPC
  int http_status;
  std::string_view title;  // a short phrase, the `title` of the problem document
};

const ReasonFacts& FactsOf(Reason reason);

// The reason with this UPPER_SNAKE name; nullopt for a name that is not in the table.
std::optional<Reason> ReasonNamed(std::string_view name);

// `code` of a problem document: the name in lower case.
std::string CodeOf(Reason reason);

}  // namespace ftl
