#include "services/sample-endpoint/pieces.h"

namespace ftl::sample_endpoint {
namespace {

constexpr int kMostCharacters = 8;
constexpr int kDenseCharacterWeight = 4;  // from U+2E80 on, where a character says as much as a syllable or more

size_t CharacterBytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

}  // namespace

std::vector<std::string> Pieces(std::string_view text) {
  std::vector<std::string> pieces;
  std::string piece;
  int weight = 0;
  bool has_letters = false;
  for (size_t at = 0; at < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[at]);
    const size_t bytes = std::min(CharacterBytes(lead), text.size() - at);
    const bool is_space = lead == ' ' || lead == '\n' || lead == '\t';
    if ((is_space && has_letters) || weight >= kMostCharacters) {
      pieces.push_back(std::move(piece));
      piece.clear();
      weight = 0;
      has_letters = false;
    }
    piece.append(text, at, bytes);
    weight += lead >= 0xE2 && bytes >= 3 ? kDenseCharacterWeight : 1;
    has_letters |= !is_space;
    at += bytes;
  }
  if (!piece.empty()) pieces.push_back(std::move(piece));
  return pieces;
}

}  // namespace ftl::sample_endpoint
