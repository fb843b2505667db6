#pragma once

#include <string_view>

#include <absl/strings/string_view.h>

namespace ftl {

// Debian builds Abseil with a string_view of its own. Our interfaces speak std::string_view; these two cross over at
// calls into Abseil. The bytes are shared, not copied.
inline absl::string_view ToAbsl(std::string_view text) { return absl::string_view(text.data(), text.size()); }
inline std::string_view ToStd(absl::string_view text) { return std::string_view(text.data(), text.size()); }

}  // namespace ftl
