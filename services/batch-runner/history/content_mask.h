#pragma once

#include <string>
#include <string_view>

namespace ftl::batch_runner {

// `text` with `[key removed]` in place of what follows the beginning of a key (`sk-`, `hf_`, `AIza`, `ftl_`, …) and of
// what follows `Bearer `: 16 or more characters of a key, a digit among them. For what people write to models, of which
// nothing else is touched. Pure.
std::string WithoutKeys(std::string_view text);

// The beginning of `text` as a list shows it: some 200 bytes, ending at a whole character. Pure.
std::string PreviewOf(std::string_view text);

}  // namespace ftl::batch_runner
