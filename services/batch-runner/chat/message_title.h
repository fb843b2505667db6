#pragma once

#include <string>
#include <string_view>

namespace ftl::batch_runner {

// What a conversation is called after its first message: one line of its beginning, at most 80 bytes and `…`, cut at a
// whole character. Empty for nothing but white space. Pure.
std::string TitleOfMessage(std::string_view text);

}  // namespace ftl::batch_runner
