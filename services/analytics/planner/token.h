#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftl::analytics {

// What a number counts.
enum class Unit {
  kNone,
  kMilliseconds,
  kOutputTokens,
  kInputTokens,
  kTotalTokens,
  kWords,
  kCharacters,
  kTokensPerSecond,
  kAttempts,
  kPercent
};

// A word, number or mark of a question.
struct Token {
  enum class Kind { kWord, kNumber, kOrdinal, kPercentile, kHash, kQuoted, kCategory, kSymbol, kStop };
  Kind kind = Kind::kWord;
  std::string raw;   // as it was typed
  std::string text;  // lower case, without accents and apostrophes
  std::string stem;  // without plural endings, spelling corrected
  double number = 0;
  Unit unit = Unit::kNone;

  bool IsWord(std::string_view wanted) const { return kind == Kind::kWord && stem == wanted; }
  bool IsSymbol(std::string_view wanted) const { return kind == Kind::kSymbol && text == wanted; }
};

// Cuts a question into tokens. Numbers are split from what is glued to them (`1.5s`, `2k`, `95th`, `p99.9`, `#7`);
// quoted text is one token; `kStop` is punctuation that ends a phrase.
std::vector<Token> Tokenise(std::string_view question);

// Lower case and without accents, for Latin script; the rest stays.
std::string Fold(std::string_view text);

// A word without its plural ending.
std::string Stem(std::string_view word);

}  // namespace ftl::analytics
