#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace ftl::fuzz {

void Require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

void InPieces(std::string_view input, uint64_t seed, const std::function<bool(std::string_view piece)>& take) {
  while (!input.empty()) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const size_t size = std::min<size_t>(1 + (seed >> 33) % 7, input.size());
    if (!take(input.substr(0, size))) return;
    input.remove_prefix(size);
  }
}

}  // namespace ftl::fuzz
