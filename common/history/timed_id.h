#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

namespace ftl {

// A UUID of version 7 (RFC 9562): the millisecond `moment` is in, and 74 random bits. Later ones sort behind earlier
// ones.
std::string TimedId(absl::Time moment);

// The millisecond that stands in one, which says where its row is kept; nullopt for what is none.
std::optional<absl::Time> TimeOfTimedId(std::string_view id);

}  // namespace ftl
