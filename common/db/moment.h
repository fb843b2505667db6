#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

namespace ftl {

// timestamptz as text and as number. PostgreSQL keeps microseconds; what is finer is cut off. The infinite past and
// future are `-infinity` and `infinity`.
std::string FormatMoment(absl::Time moment);
// Reads the ISO form that a session in UTC gives: `2026-01-31 12:00:00.25+00`.
std::optional<absl::Time> ParseMoment(std::string_view text);
// The binary form.
int64_t MicrosecondsSince2000(absl::Time moment);

}  // namespace ftl
