#pragma once

#include <string>
#include <string_view>

namespace ftl::batch_runner {

// Whether PostgreSQL would read the text as the usual form of a UUID: 8-4-4-4-12 hex digits.
bool IsUuid(std::string_view text);

// A random UUID (RFC 9562, version 4).
std::string NewUuid();

}  // namespace ftl::batch_runner
