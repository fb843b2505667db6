#pragma once

#include <string>
#include <string_view>

namespace ftl {

// A program's token: this, and 43 characters of base64url, 256 random bits. Its SHA-256 (lower-case hex) stands for it
// in the database and between services.
inline constexpr std::string_view kTokenPrefix = "ftl_";
std::string TokenSha256(std::string_view token);

// What stands for the one owner of a workspace without sign-in, wherever a session's hash would stand; no session has
// it.
const std::string& LocalOwner();

}  // namespace ftl
