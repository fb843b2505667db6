#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ftl {

// Values of the contract as JSON, appended to `out`.

// A quoted string. Everything below U+0020 is escaped, so the text stays on one line.
void AppendJsonString(std::string_view text, std::string& out);
void AppendJsonNumber(int64_t number, std::string& out);
// Plain digits where that is readable (1e-6 up to 1e21), the shortest text that reads back the same. Finite numbers
// only.
void AppendJsonNumber(double number, std::string& out);
// A span in milliseconds with up to three decimals, rounded to the nearest microsecond.
void AppendMilliseconds(int64_t seconds, int32_t nanos, std::string& out);
// A quoted moment, RFC 3339 in UTC with `Z`; with three or six decimals where it has them.
void AppendTimestamp(int64_t seconds, int32_t nanos, std::string& out);

}  // namespace ftl
