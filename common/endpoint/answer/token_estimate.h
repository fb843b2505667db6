#pragma once

#include <cstdint>
#include <string_view>

namespace ftl {

// About how many tokens `text` (UTF-8) is, for endpoints that give no usage. Pure. A quarter of a token for an ASCII
// character, half a one for other alphabets (below U+0800), a whole one above, as in Chinese; rounded up. Common
// tokenisers are within about 30 % of it on English prose, less closely on code and digits: results say that it is an
// estimate.
int64_t EstimateTokens(std::string_view text);

}  // namespace ftl
