#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::sample_endpoint {

// Text as the pieces a model would send, one for each token: about a word with the space before it, at most eight
// characters, at most two of the scripts that are written without spaces. Joined they are the text. `text` is UTF-8.
std::vector<std::string> Pieces(std::string_view text);

}  // namespace ftl::sample_endpoint
