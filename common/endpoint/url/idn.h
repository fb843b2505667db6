#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftl {

// Whether a label in lower case is the ASCII form of an international one, or pretends to be.
inline bool IsALabel(std::string_view label) { return label.substr(0, 4) == "xn--"; }

// The ASCII form of an international name (UTF-8, with ASCII letters in lower case), or nullopt unless the name is
// exactly what that form decodes to and is of letters, digits and marks, no label of digits alone: symbols, some of
// which look like slashes and dots, must be given in the ASCII form. IDNA2008. Every A-label in it is proper.
std::optional<std::string> ToAsciiName(std::string_view name);

// Whether an A-label decodes, encodes back to itself, and is not made of digits alone.
bool IsProperALabel(std::string_view label);

}  // namespace ftl
