#pragma once

#include <string_view>

namespace ftl::http {

// The header lines that every answer carries: own origin only, no inline script or style, no frames, no sniffing, no
// referrer, no device access. `https` adds HSTS.
std::string_view SecurityHeaders(bool https);

}  // namespace ftl::http
