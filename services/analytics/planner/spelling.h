#pragma once

#include <cstddef>
#include <string_view>

namespace ftl::analytics {

// Letters added, left out, changed or swapped with their neighbour to make one word of the other, at most `most` + 1.
int EditDistance(std::string_view a, std::string_view b, int most);

// How many slips a word of that length may have; short words must be right.
int SlipsAllowed(size_t length);

}  // namespace ftl::analytics
