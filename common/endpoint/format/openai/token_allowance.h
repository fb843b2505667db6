#pragma once

#include <optional>
#include <string_view>

namespace ftl {

// How many output tokens a model takes, as the words of a refusal say that `asked` are too many: "at most 512",
// "between 1 and 512", or what a context length leaves beside the prompt. `message` is in lower case. Nullopt where it
// says nothing of the kind, or allows too few to be worth asking for: fewer than 16, or beside a prompt fewer than half
// of `asked`, which would cut the answers to all other prompts too. Pure.
std::optional<int> TokensAllowed(std::string_view message, int asked);

}  // namespace ftl
