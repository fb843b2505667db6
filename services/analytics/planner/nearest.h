#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::analytics {

// The three questions that can be answered and are most like `question`; the most useful ones where none is like it.
std::vector<std::string> NearestQuestions(std::string_view question);

}  // namespace ftl::analytics
