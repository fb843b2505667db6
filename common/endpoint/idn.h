#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftl {

// The ASCII form of an international name (UTF-8, with ASCII letters in lower case), or nullopt unless the name is
// exactly what that form decodes to and is of letters, digits and marks: symbols, some of which look like slashes and
// dots, must be given in the ASCII form. IDNA2008 with UTS 46.
std::optional<std::string> ToAsciiName(std::string_view name);

// Whether a label `xn--...` in lower case decodes, encodes back to itself, and is not made of digits alone.
bool IsProperALabel(std::string_view label);

}  // namespace ftl
