#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "gateway/http/response.h"

namespace ftl::http {

// A failure as RFC 9457 has it: type, title, status, detail, code, request_id, and errors for input that does not
// validate. What went wrong inside is told to nobody.

// The document alone, as it also stands in an `error` event.
std::string ProblemJson(const absl::Status& status, std::string_view request_id);

// The answer, with Retry-After where waiting helps.
Response ProblemResponse(const absl::Status& status, std::string_view request_id);

}  // namespace ftl::http
