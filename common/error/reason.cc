#include "common/error/reason.h"

#include <array>

#include <absl/strings/ascii.h>

#include "common/text/view.h"

namespace ftl {
namespace {

using absl::StatusCode;

constexpr std::array kTable = {
    ReasonFacts{Reason::kInternal, "INTERNAL", StatusCode::kInternal, 500, "Something went wrong here"},
    ReasonFacts{Reason::kMalformedJson, "MALFORMED_JSON", StatusCode::kInvalidArgument, 400, "Not valid JSON"},
    ReasonFacts{Reason::kUnknownField, "UNKNOWN_FIELD", StatusCode::kInvalidArgument, 400, "Unknown field"},
    ReasonFacts{Reason::kWrongType, "WRONG_TYPE", StatusCode::kInvalidArgument, 400, "A field has the wrong type"},
    ReasonFacts{Reason::kInvalidField, "INVALID_FIELD", StatusCode::kInvalidArgument, 422, "A field is not acceptable"},
    ReasonFacts{Reason::kBadRequest, "BAD_REQUEST", StatusCode::kInvalidArgument, 400, "Malformed request"},
    ReasonFacts{Reason::kSessionConflict, "SESSION_CONFLICT", StatusCode::kInvalidArgument, 400,
                "Two different sessions were given"},
    ReasonFacts{Reason::kNotFound, "NOT_FOUND", StatusCode::kNotFound, 404, "Not found"},
    ReasonFacts{Reason::kMethodNotAllowed, "METHOD_NOT_ALLOWED", StatusCode::kUnimplemented, 405, "Method not allowed"},
    ReasonFacts{Reason::kUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", StatusCode::kInvalidArgument, 415,
                "Unsupported content type"},
    ReasonFacts{Reason::kBodyTooLarge, "BODY_TOO_LARGE", StatusCode::kInvalidArgument, 413, "Body too large"},
    ReasonFacts{Reason::kUriTooLong, "URI_TOO_LONG", StatusCode::kInvalidArgument, 414, "Request target too long"},
    ReasonFacts{Reason::kHeadTooLarge, "HEAD_TOO_LARGE", StatusCode::kInvalidArgument, 431, "Request head too large"},
    ReasonFacts{Reason::kRequestTimeout, "REQUEST_TIMEOUT", StatusCode::kDeadlineExceeded, 408,
                "Request took too long"},
    ReasonFacts{Reason::kForbiddenOrigin, "FORBIDDEN_ORIGIN", StatusCode::kPermissionDenied, 403,
                "Requests from other sites are refused"},
    ReasonFacts{Reason::kUnauthenticated, "UNAUTHENTICATED", StatusCode::kUnauthenticated, 401, "Not authenticated"},
    ReasonFacts{Reason::kPermissionDenied, "PERMISSION_DENIED", StatusCode::kPermissionDenied, 403, "Not permitted"},
    ReasonFacts{Reason::kSessionNotFound, "SESSION_NOT_FOUND", StatusCode::kNotFound, 404, "No such session"},
    ReasonFacts{Reason::kSessionExpired, "SESSION_EXPIRED", StatusCode::kNotFound, 410, "The session is over"},
    ReasonFacts{Reason::kActiveSessionExists, "ACTIVE_SESSION_EXISTS", StatusCode::kResourceExhausted, 429,
                "A session is already open"},
    ReasonFacts{Reason::kEndpointNotAllowed, "ENDPOINT_NOT_ALLOWED", StatusCode::kInvalidArgument, 422,
                "This endpoint address is not allowed"},
    ReasonFacts{Reason::kConnectionNotTested, "CONNECTION_NOT_TESTED", StatusCode::kFailedPrecondition, 409,
                "The connection has not been tested"},
    ReasonFacts{Reason::kRunNotFound, "RUN_NOT_FOUND", StatusCode::kNotFound, 404, "No such run"},
    ReasonFacts{Reason::kNoRun, "NO_RUN", StatusCode::kNotFound, 404, "This session has no run yet"},
    ReasonFacts{Reason::kRunInProgress, "RUN_IN_PROGRESS", StatusCode::kFailedPrecondition, 409,
                "A run is already in progress"},
    ReasonFacts{Reason::kSuiteNotFound, "SUITE_NOT_FOUND", StatusCode::kNotFound, 404, "No such test suite"},
    ReasonFacts{Reason::kPromptLimitExceeded, "PROMPT_LIMIT_EXCEEDED", StatusCode::kInvalidArgument, 422,
                "Too many prompts for this session"},
    ReasonFacts{Reason::kKeyForgotten, "KEY_FORGOTTEN", StatusCode::kFailedPrecondition, 409,
                "The API key has been forgotten"},
    ReasonFacts{Reason::kKeyFormat, "KEY_FORMAT", StatusCode::kInvalidArgument, 422,
                "This does not look like a key of the service"},
    ReasonFacts{Reason::kRateLimited, "RATE_LIMITED", StatusCode::kResourceExhausted, 429, "Too many requests"},
    ReasonFacts{Reason::kChatLimitReached, "CHAT_LIMIT_REACHED", StatusCode::kResourceExhausted, 429,
                "The model has been asked as often as a session may"},
    ReasonFacts{Reason::kIdempotencyKeyReused, "IDEMPOTENCY_KEY_REUSED", StatusCode::kAlreadyExists, 409,
                "This Idempotency-Key was used with another body"},
    ReasonFacts{Reason::kFormatNotAvailable, "FORMAT_NOT_AVAILABLE", StatusCode::kInvalidArgument, 422,
                "This format is not available"},
    ReasonFacts{Reason::kEndpointFailed, "ENDPOINT_FAILED", StatusCode::kUnavailable, 502,
                "The endpoint did not answer as expected"},
    ReasonFacts{Reason::kEndpointTimeout, "ENDPOINT_TIMEOUT", StatusCode::kDeadlineExceeded, 504,
                "The endpoint did not answer in time"},
    ReasonFacts{Reason::kDraining, "DRAINING", StatusCode::kUnavailable, 503, "Shutting down"},
    ReasonFacts{Reason::kOverloaded, "OVERLOADED", StatusCode::kUnavailable, 503, "Too busy"},
    ReasonFacts{Reason::kDatabaseUnavailable, "DATABASE_UNAVAILABLE", StatusCode::kUnavailable, 503,
                "The database is not available"},
    ReasonFacts{Reason::kServiceUnavailable, "SERVICE_UNAVAILABLE", StatusCode::kUnavailable, 503,
                "A service behind this one is not available"},
    ReasonFacts{Reason::kDeadlineExceeded, "DEADLINE_EXCEEDED", StatusCode::kDeadlineExceeded, 504, "Took too long"},
    ReasonFacts{Reason::kCancelled, "CANCELLED", StatusCode::kCancelled, 499, "Cancelled"},
    ReasonFacts{Reason::kConflict, "CONFLICT", StatusCode::kAborted, 409, "In conflict with another change"},
};

}  // namespace

const ReasonFacts& FactsOf(Reason reason) {
  for (const ReasonFacts& facts : kTable) {
    if (facts.reason == reason) return facts;
  }
  return kTable.front();
}

std::optional<Reason> ReasonNamed(std::string_view name) {
  for (const ReasonFacts& facts : kTable) {
    if (facts.name == name) return facts.reason;
  }
  return std::nullopt;
}

std::string CodeOf(Reason reason) { return absl::AsciiStrToLower(ToAbsl(FactsOf(reason).name)); }

}  // namespace ftl
