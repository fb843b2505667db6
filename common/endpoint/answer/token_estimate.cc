#include "common/endpoint/answer/token_estimate.h"

namespace ftl {

int64_t EstimateTokens(std::string_view text) {
  int64_t quarters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      quarters += 1;
    } else if (byte >= 0xE0) {
      quarters += 4;
    } else if (byte >= 0xC0) {
      quarters += 2;
    }
  }
  return (quarters + 3) / 4;
}

}  // namespace ftl
