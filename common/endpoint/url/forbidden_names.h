#pragma once

#include <string_view>

namespace ftl {

// Whether a host name is one that never stands for a public endpoint, or is below one: a single label, the IANA
// special-use names, private top-level names, metadata services, and names whose DNS answers point wherever the name
// says. `name` is lower case, ASCII, without a dot at the end.
bool IsForbiddenName(std::string_view name);

}  // namespace ftl
