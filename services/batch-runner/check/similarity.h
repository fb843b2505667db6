#pragma once

#include <string_view>

namespace ftl::batch_runner {

// Token F1 as in SQuAD (Rajpurkar et al., 2016), 0 to 1: lower case, without punctuation and the articles a, an, the;
// a token is what white space parts, and for scripts written without spaces each character.
double TokenF1(std::string_view answer, std::string_view reference);

}  // namespace ftl::batch_runner
