#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl {

// `page_size` as asked: 0 is 50, more than 1,000 is taken as 1,000, less than 0 is refused.
absl::StatusOr<int> PageSize(int32_t asked);

// A page token names a place in one list and grants nothing. `list` says which list, by all that chooses and orders its
// items; a token of another list is refused.
std::string PageToken(std::string_view list, std::string_view position);
// The position of a token; empty for an empty token.
absl::StatusOr<std::string> PagePosition(std::string_view list, std::string_view token);

}  // namespace ftl
