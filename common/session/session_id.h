#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftl {

// `demo-` and 64 lower-case hex digits: 256 random bits that open a session to whoever has them. They are stored,
// logged and counted nowhere; what stands for a session everywhere else is the hash.
inline constexpr std::string_view kSessionIdPrefix = "demo-";

bool IsSessionId(std::string_view text);

// SHA-256 of the whole id in lower-case hex: the `session_id` and `demo_session_id` of every table. nullopt for what is
// no session id; such a session never was.
std::optional<std::string> SessionHash(std::string_view session_id);

}  // namespace ftl
