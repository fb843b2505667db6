#pragma once

#include <string_view>

namespace ftl {

// Where session-vault tells (NOTIFY) that a session was deleted or its key forgotten. The payload is the session's
// hash, or several with commas between. Whoever holds a borrowed key of it drops the key and breaks off its calls;
// streams of the session end. Told when the deletion is committed, and only then.
inline constexpr std::string_view kSessionOverChannel = "ftl_session_over";

}  // namespace ftl
