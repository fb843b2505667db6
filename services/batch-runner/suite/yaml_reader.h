#pragma once

#include <string_view>

#include <absl/status/statusor.h>
#include <boost/json/value.hpp>

namespace ftl::batch_runner {

constexpr size_t kMostYamlBytes = 1024 * 1024;

// The first document of a YAML text as a JSON value: every scalar is text, but for null. Bounded while it is read: 1
// MiB, 64 deep, 200,000 values and 8 MiB of text, aliases counted as what they stand for each time. INVALID_ARGUMENT
// with a sentence that names the line.
absl::StatusOr<boost::json::value> ReadYaml(std::string_view text);

}  // namespace ftl::batch_runner
