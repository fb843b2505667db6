#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::http {

// Names and values of a query in their order, decoded: `+` is a blank. BAD_REQUEST for what decodes to bytes that are
// no UTF-8 or to U+0000. An empty piece (`a=1&&b=2`) is left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;
absl::StatusOr<Parameters> ParseQuery(std::string_view query);

// One segment of a path, decoded.
absl::StatusOr<std::string> DecodeSegment(std::string_view segment);

}  // namespace ftl::http
