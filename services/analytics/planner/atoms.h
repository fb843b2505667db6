#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::analytics {

// The least piece of a question: a word, a number, a mark, a quoted text, or one character of a script that is written
// without spaces.
struct Atom {
  enum class Kind { kWord, kNumber, kOrdinal, kHash, kQuoted, kMark, kGlyph };
  Kind kind = Kind::kWord;
  std::string raw;   // as it was typed
  std::string text;  // lower case, without accents; digits of a number as they stand
};

// Cuts a question into atoms. What is glued to a number stands apart (`1.5s`), but for `p95`; hyphens, underscores and
// apostrophes part words; full-width forms are read as plain ones. Bounded: at most `most` atoms are given.
std::vector<Atom> CutAtoms(std::string_view question, size_t most);

// Lower case and without accents, for Latin script; the rest stays.
std::string Fold(std::string_view text);

// A word without its English plural ending.
std::string Stem(std::string_view word);

}  // namespace ftl::analytics
