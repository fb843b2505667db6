#pragma once

#include <string_view>

namespace ftl {

// The text of one member of a JSON object, found without reading the rest: strings are passed over in one step and
// nothing is built, so a large body costs next to nothing before it is known whose it is. Empty where the member is
// absent, no string, or written with escapes; what is not JSON may give anything. A view into `json`.
std::string_view TopLevelText(std::string_view json, std::string_view name);

}  // namespace ftl
