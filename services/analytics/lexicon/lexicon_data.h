#pragma once

#include <string_view>

namespace ftl::analytics {

// The data files of this folder as they were when the program was built: `<language>/<name>.txt`, or `<name>.txt` for
// an empty language. Empty where there is none.
std::string_view LexiconText(std::string_view language, std::string_view name);

}  // namespace ftl::analytics
