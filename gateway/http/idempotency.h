#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "gateway/http/request_head.h"

namespace ftl::http {

// The Idempotency-Key for the `idempotency_key` of the call behind; empty where none was given. BAD_REQUEST for one
// that is not 1 to 255 visible ASCII characters, or for two.
absl::StatusOr<std::string> IdempotencyKeyOf(const RequestHead& head);

}  // namespace ftl::http
