#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/analytics/planner/sense.h"

namespace ftl::analytics {

// Languages of questions, in the order in which a tie is settled.
inline constexpr std::string_view kLanguages[] = {"en", "de", "es", "fr", "pt", "zh", "ja"};

// A phrase of a language and what it stands for.
struct Phrase {
  std::vector<std::string> words;  // folded; `langsam*` is any word that begins so
  std::string symbol;
  Sense sense;
};

// The words of one language, from its folder `lexicon/<language>/`. Immutable, any thread.
class Lexicon {
 public:
  // Lines `symbol:value = phrase | phrase`; what cannot be read is in faults(). `plurals`: an English plural counts as
  // its singular.
  Lexicon(std::string_view phrases, std::string_view existing, bool plurals);

  // Phrases that may begin with that word.
  void AppendCandidates(const std::string& word, std::vector<const Phrase*>& candidates) const;
  // Whether some phrase has the word.
  bool Knows(const std::string& word) const;
  // Whether it is a word of the language that a misspelling must not be taken for another.
  bool Exists(const std::string& word) const { return existing_.count(word) > 0; }
  // Words that a misspelt one may have meant.
  const std::vector<std::string>& words() const { return words_; }
  // Beginnings of words, those with a `*`.
  const std::unordered_set<std::string>& beginnings() const { return prefixes_; }
  const std::vector<std::string>& faults() const { return faults_; }

  // Whether a word of a phrase stands for the word of a question: as it is, without its plural, or as its beginning.
  bool Matches(std::string_view pattern, const std::string& word) const;

 private:
  void ReadLine(std::string_view line);
  void Add(Phrase phrase);
  std::string Singular(const std::string& word) const;

  std::vector<std::unique_ptr<const Phrase>> phrases_;
  std::unordered_map<std::string, std::vector<const Phrase*>> by_first_;   // without `*`
  std::unordered_map<std::string, std::vector<const Phrase*>> by_prefix_;  // of those with `*`
  std::unordered_set<std::string> known_, prefixes_, existing_;
  bool plurals_;
  std::vector<std::string> words_;
  std::vector<std::string> faults_;
};

// The lexicon that was compiled into the program; `language` is one of kLanguages.
const Lexicon& LexiconOf(std::string_view language);

}  // namespace ftl::analytics
