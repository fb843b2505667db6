#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace ftl::fuzz {

// What each target defines: takes any bytes, and ends the program (Require, a sanitizer) where the code under test
// crashes or breaks what it promises. Keeps nothing from one call to the next that would change its verdict.
void FuzzOne(std::string_view input);

// Ends the program with `promise` on stderr unless it holds.
void Require(bool holds, std::string_view promise);

// Hands `input` over in pieces of 1 to 7 bytes whose sizes follow from `seed`, until `take` gives false.
void InPieces(std::string_view input, uint64_t seed, const std::function<bool(std::string_view piece)>& take);

}  // namespace ftl::fuzz
