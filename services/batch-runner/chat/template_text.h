#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::batch_runner {

// A variable's name stands between two braces on each side, with or without spaces: `{{name}}`. It is made of letters,
// digits and `_` of ASCII, at most 64 of them, and begins with no digit; anything else between braces is text.

// The names of the variables, each once, in the order in which they first stand in the text. Pure.
std::vector<std::string> VariablesIn(std::string_view text);

// The text with each variable's value in its place. What stands in a value is text. INVALID_FIELD with a fault for each
// variable without a value (`variables.name`), and for text that would be longer than `most_bytes`. Pure.
absl::StatusOr<std::string> FillIn(std::string_view text, const std::map<std::string, std::string>& values,
                                   size_t most_bytes);

}  // namespace ftl::batch_runner
