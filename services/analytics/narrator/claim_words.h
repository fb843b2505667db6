#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/narrator/fact.h"

namespace ftl::analytics {

// The words of comments in all languages at once, since a model may answer in any; in the form of PlainForm. They stand
// in `lexicon/<language>/claims.txt`.

// What a number counts: `ms`, `sekunden`, `トークン`. `foreign` for units of which Atlas has no fact: money, bytes.
struct UnitWord {
  std::string_view word;
  Unit unit;
  double scale = 1;  // to the fact's unit
  bool foreign = false;
};
// The longest unit that `text` begins with; a word of letters ends where it ends.
const UnitWord* UnitAt(std::string_view text);

// How long an adjective or filler is that may stand between a number and its unit; 0 for none.
size_t FillerAt(std::string_view text);

// Whether a number may stand before this word without counting it.
bool IsFunctionWord(std::string_view word);

// A number in words and how long it is: `thirty-seven`, `siebenunddreissig`, `quatre-vingt-dix`, `三十七`.
struct WordNumber {
  double value;
  size_t size;
};
std::optional<WordNumber> NumberWordsAt(std::string_view text);

// What cannot be read of those files.
const std::vector<std::string>& ClaimWordFaults();

// Bytes of the word of letters at the start of `text`.
size_t WordSize(std::string_view text);

}  // namespace ftl::analytics
