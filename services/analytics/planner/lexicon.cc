#include "services/analytics/planner/lexicon.h"

#include <algorithm>
#include <utility>

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "services/analytics/lexicon/lexicon_data.h"
#include "services/analytics/planner/atoms.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestEnding = 6;  // of a word beyond the beginning that a phrase names
constexpr size_t kMostWords = 12;     // of a phrase

absl::string_view ToView(std::string_view text) { return {text.data(), text.size()}; }
std::string_view Trimmed(std::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(ToView(text));
  return {trimmed.data(), trimmed.size()};
}

}  // namespace

Lexicon::Lexicon(std::string_view phrases, std::string_view existing, bool plurals) : plurals_(plurals) {
  for (const absl::string_view line : absl::StrSplit(ToView(phrases), '\n')) ReadLine({line.data(), line.size()});
  for (const absl::string_view word : absl::StrSplit(ToView(existing), absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    existing_.insert(std::string(word));
  }
  words_.assign(known_.begin(), known_.end());
  words_.insert(words_.end(), prefixes_.begin(), prefixes_.end());
  std::sort(words_.begin(), words_.end());
}

void Lexicon::ReadLine(std::string_view line) {
  line = Trimmed(line);
  if (line.empty() || line[0] == '#') return;
  const size_t equals = line.find(" = ");
  if (equals == std::string_view::npos) {
    faults_.push_back(absl::StrCat("no ' = ' in: ", ToView(line)));
    return;
  }
  const std::string_view meaning = Trimmed(line.substr(0, equals));
  const size_t colon = meaning.find(':');
  const std::string_view symbol = meaning.substr(0, colon);
  const std::string_view value = colon == std::string_view::npos ? "" : meaning.substr(colon + 1);
  const absl::StatusOr<Sense> sense = ReadSense(symbol, value);
  if (!sense.ok()) {
    faults_.emplace_back(sense.status().message());
    return;
  }
  for (const absl::string_view part : absl::StrSplit(ToView(line.substr(equals + 3)), '|')) {
    std::string_view text = Trimmed({part.data(), part.size()});
    if (text.ends_with("~")) text.remove_suffix(1);  // marked: it has another meaning too
    Phrase phrase{.symbol = std::string(symbol), .sense = *sense};
    for (const absl::string_view word : absl::StrSplit(ToView(text), ' ', absl::SkipEmpty())) {
      const bool open = word.back() == '*';
      std::vector<Atom> atoms = CutAtoms({word.data(), word.size() - (open ? 1 : 0)}, kMostWords);
      if (word == "-") phrase.words.emplace_back("-");
      for (Atom& atom : atoms) phrase.words.push_back(std::move(atom.text));
      if (open && !phrase.words.empty()) phrase.words.back() += "*";
    }
    if (phrase.words.empty()) {
      faults_.push_back(absl::StrCat("an empty phrase in: ", ToView(line)));
    } else {
      Add(std::move(phrase));
    }
  }
}

void Lexicon::Add(Phrase phrase) {
  for (const std::string& word : phrase.words) {
    if (word.ends_with("*")) {
      prefixes_.insert(word.substr(0, word.size() - 1));
    } else {
      known_.insert(word);
    }
  }
  phrases_.push_back(std::make_unique<const Phrase>(std::move(phrase)));
  const Phrase* added = phrases_.back().get();
  const std::string& first = added->words.front();
  if (first.ends_with("*")) {
    by_prefix_[first.substr(0, first.size() - 1)].push_back(added);
  } else {
    by_first_[first].push_back(added);
    if (const std::string stem = Singular(first); stem != first) by_first_[stem].push_back(added);
  }
}

std::string Lexicon::Singular(const std::string& word) const { return plurals_ ? Stem(word) : word; }

bool Lexicon::Matches(std::string_view pattern, const std::string& word) const {
  if (!pattern.ends_with('*')) {
    return pattern == word || (plurals_ && word.size() > 3 && Stem(word) == Stem(pattern));
  }
  pattern.remove_suffix(1);
  return word.starts_with(pattern) && word.size() <= pattern.size() + kLongestEnding;
}

void Lexicon::AppendCandidates(const std::string& word, std::vector<const Phrase*>& candidates) const {
  const auto append = [&](const auto& map, const std::string& key) {
    const auto found = map.find(key);
    if (found != map.end()) candidates.insert(candidates.end(), found->second.begin(), found->second.end());
  };
  append(by_first_, word);
  if (const std::string stem = Singular(word); stem != word) append(by_first_, stem);
  const size_t least = word.size() > kLongestEnding ? word.size() - kLongestEnding : 1;
  for (size_t size = least; size <= word.size(); ++size) append(by_prefix_, word.substr(0, size));
}

bool Lexicon::Knows(const std::string& word) const {
  if (known_.count(word) > 0 || known_.count(Singular(word)) > 0) return true;
  const size_t least = word.size() > kLongestEnding ? word.size() - kLongestEnding : 1;
  for (size_t size = least; size <= word.size(); ++size) {
    if (prefixes_.count(word.substr(0, size)) > 0) return true;
  }
  return false;
}

const Lexicon& LexiconOf(std::string_view language) {
  static const auto& all = *new std::unordered_map<std::string, std::unique_ptr<Lexicon>>([] {
    std::unordered_map<std::string, std::unique_ptr<Lexicon>> lexicons;
    for (const std::string_view name : kLanguages) {
      lexicons[std::string(name)] =
          std::make_unique<Lexicon>(LexiconText(name, "phrases"), LexiconText(name, "existing"), name == "en");
    }
    return lexicons;
  }());
  const auto found = all.find(std::string(language));
  return found == all.end() ? *all.at("en") : *found->second;
}

}  // namespace ftl::analytics
