#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::analytics {

// The three questions of `lexicon/<language>/questions.txt` that speak most of what `question` speaks of; the most
// useful ones where none does. Any thread.
std::vector<std::string> NearestQuestions(std::string_view question, const std::string& language);

}  // namespace ftl::analytics
