#pragma once

#include <absl/status/status.h>

namespace ftl {

// Every way in which a URL is refused. One sentence each, none of which depends on what is found at the address.
enum class UrlFault {
  // Not a URL of the web at all: INVALID_FIELD.
  kMissing,
  kNoScheme,
  // A URL, but one that we do not call: ENDPOINT_NOT_ALLOWED.
  kTooLong,
  kOtherScheme,
  kNoSlashes,
  kCharacters,
  kUserInfo,
  kFragment,
  kNoHost,
  kHost,
  kUnicodeHost,
  kIpSpelling,
  kPort,
  kPath,
  kForbiddenAddress,
};

// The refusal for `fault`, with field `endpoint_url`. Built once each and shared, since a refusal is as hot as a pass.
absl::Status RefuseUrl(UrlFault fault);

}  // namespace ftl
