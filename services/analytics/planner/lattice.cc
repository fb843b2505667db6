#include "services/analytics/planner/lattice.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include <absl/strings/numbers.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include "services/analytics/planner/spelling.h"

namespace ftl::analytics {
namespace {

using Kind = Atom::Kind;

constexpr double kForeign = 0.3;        // a phrase of English in a question of another language
constexpr double kLongPhrase = 0.25;    // off for each word of a phrase beyond its first
constexpr double kSurely = 1;           // off for words that cannot be answered: each of them alone may say nothing
constexpr double kPartOfWord = 1.5;     // to take a character for itself that is part of a word
constexpr double kPartOfPhrase = 0.45;  // to take a word as saying nothing that is part of a phrase
constexpr double kPassedOver = 0.1;     // to take a word as saying nothing that may group
constexpr double kFreeWord = 0.35;      // a word of a text that is looked for, unquoted
constexpr double kKnownFreeWord = 1.4;  // one that has a meaning of its own
constexpr int kLongestFreeText = 6;
constexpr double kLetterPutIn = 0.1;
constexpr size_t kMostRepairs = 3;

struct Spelling {
  std::string text;
  double price = 0;
};

// Whether a phrase may have it: `429` is one, `7` in `top 7` is not.
bool IsText(const Atom& atom) { return atom.kind != Kind::kQuoted && atom.kind != Kind::kHash; }

// A number as it was written: `1,500` `1.5` `1,5`; where a point or comma parts thousands depends on the language.
double NumberOf(const std::string& digits, const std::string& language) {
  const bool comma_decimal = language == "de" || language == "es" || language == "fr" || language == "pt";
  const size_t mark = digits.find_last_of(".,");
  std::string plain = digits;
  if (mark != std::string::npos) {
    const bool three = digits.size() - mark == 4 && digits[0] != '0';
    const bool several = digits.find_first_of(".,") != mark;
    const bool is_comma = digits[mark] == ',';
    const bool thousands = three && (several || (is_comma != comma_decimal));
    const std::string fraction = thousands ? "" : "." + digits.substr(mark + 1);
    plain = absl::StrReplaceAll(thousands ? digits : digits.substr(0, mark), {{".", ""}, {",", ""}}) + fraction;
  }
  double value = 0;
  return absl::SimpleAtod(plain, &value) ? value : 0;
}

class Builder {
 public:
  Builder(std::vector<Atom> atoms, const Vocabulary& vocabulary, const std::string& before, const std::string& language)
      : vocabulary_(vocabulary) {
    lattice_.atoms = std::move(atoms);
    lattice_.language = language.empty() ? LanguageOf(before) : language;
    lexicons_.push_back(&LexiconOf(lattice_.language));
    if (lattice_.language != "en") lexicons_.push_back(&LexiconOf("en"));
  }

  Lattice Build() && {
    CutNames();
    for (size_t i = 0; i < size(); ++i) spellings_.push_back(SpellingsOf(i));
    for (size_t i = 0; i < size(); ++i) {
      AddAtom(i);
      AddPhrases(i);
      AddNames(i);
    }
    PreferLongerWords();
    PreferWhatPoints();
    AddFreeTexts();
    return std::move(lattice_);
  }

 private:
  size_t size() const { return lattice_.atoms.size(); }
  const Atom& At(size_t i) const { return lattice_.atoms[i]; }

  // How much of the question the phrases of a language cover.
  double Covered(const Lexicon& lexicon) const {
    double covered = 0;
    for (size_t i = 0; i < size();) {
      size_t longest = 0;
      bool function = true;
      if (IsText(At(i))) {
        std::vector<const Phrase*> candidates;
        lexicon.AppendCandidates(At(i).text, candidates);
        for (const Phrase* phrase : candidates) {
          size_t at = 0;
          while (at < phrase->words.size() && i + at < size() && IsText(At(i + at)) &&
                 lexicon.Matches(phrase->words[at], At(i + at).text)) {
            ++at;
          }
          if (at < phrase->words.size() || at < longest) continue;
          function = (at == longest && function) || phrase->symbol == "f";
          longest = at;
        }
      }
      covered += static_cast<double>(longest) * (function ? 0.9 : 1.0);
      i += std::max<size_t>(1, longest);
    }
    return covered;
  }

  // How many letters with marks it has that the language has.
  int HasLettersOf(std::string_view language) const {
    constexpr std::pair<std::string_view, std::string_view> kLetters[] = {
        {"de", "ä ö ü ß"}, {"es", "ñ á é í ó ú"}, {"fr", "è é ê à ù î ç œ"}, {"pt", "ã õ ê ç â á é í ó ú"}};
    int there = 0;
    for (const auto& [name, letters] : kLetters) {
      if (name != language) continue;
      for (const absl::string_view letter : absl::StrSplit(absl::string_view(letters.data(), letters.size()), ' ')) {
        there += std::any_of(lattice_.atoms.begin(), lattice_.atoms.end(),
                             [&](const Atom& atom) { return atom.raw.find(std::string(letter)) != std::string::npos; });
      }
    }
    return there;
  }

  std::string LanguageOf(const std::string& before) const {
    const bool kana = std::any_of(lattice_.atoms.begin(), lattice_.atoms.end(), [](const Atom& atom) {
      return atom.kind == Kind::kGlyph && (atom.text >= "\u3041" && atom.text <= "\u30FA");
    });
    if (kana) return "ja";
    std::string best = "en";
    double most = 0;
    for (const std::string_view language : kLanguages) {
      double covered = Covered(LexiconOf(language));
      if (language == before) covered += 0.5;
      covered += 0.3 * HasLettersOf(language);
      if (covered > most + 1e-9) {
        most = covered;
        best = language;
      }
    }
    return best;
  }

  std::vector<Spelling> SpellingsOf(size_t i) const {
    const Atom& atom = At(i);
    std::vector<Spelling> spellings = {{atom.text, 0}};
    if (atom.kind != Kind::kWord || atom.text.size() < 4) return spellings;
    for (const Lexicon* lexicon : lexicons_) {
      if (lexicon->Knows(atom.text) || lexicon->Exists(atom.text)) return spellings;
    }
    if (IsName(atom.text)) return spellings;
    std::vector<Spelling> repairs;
    for (const Lexicon* lexicon : lexicons_) {
      const bool foreign = lexicon != lexicons_[0];
      for (const std::string& word : lexicon->words()) AddRepair(atom.text, word, foreign, repairs);
      for (const std::string& begun : lexicon->beginnings()) AddBeginningRepair(atom.text, begun, foreign, repairs);
    }
    for (const std::string& word : names_) AddRepair(atom.text, word, false, repairs);
    std::sort(repairs.begin(), repairs.end(), [](const Spelling& a, const Spelling& b) {
      return a.price != b.price ? a.price < b.price : a.text < b.text;
    });
    if (repairs.size() > kMostRepairs) repairs.resize(kMostRepairs);
    spellings.insert(spellings.end(), repairs.begin(), repairs.end());
    return spellings;
  }

  static void AddRepair(const std::string& typed, const std::string& word, bool foreign,
                        std::vector<Spelling>& repairs) {
    if (word.size() < 4 || static_cast<unsigned char>(word[0]) >= 0x80) return;
    const int most = std::min(SlipsAllowed(typed.size()), SlipsAllowed(word.size()));
    const int slips = EditDistance(typed, word, most);
    if (slips > most) return;
    const bool first_differs = typed[0] != word[0];
    if (first_differs && (slips > 1 || typed.size() < 5)) return;
    // Letters are left out more often than put in.
    const bool put_in = word.size() < typed.size();
    repairs.push_back(
        {word, 0.6 * slips + (first_differs ? 0.5 : 0) + (foreign ? kForeign : 0) + (put_in ? kLetterPutIn : 0)});
  }

  // A slip in the beginning of a word, whatever its ending: durchschnitliche.
  static void AddBeginningRepair(const std::string& typed, const std::string& begun, bool foreign,
                                 std::vector<Spelling>& repairs) {
    constexpr size_t kShortest = 6;
    if (begun.size() < kShortest || typed[0] != begun[0]) return;
    for (size_t size = begun.size() - 1; size <= begun.size() + 1 && size <= typed.size(); ++size) {
      const int slips = EditDistance(std::string_view(typed).substr(0, size), begun, 1);
      if (slips <= 1) repairs.push_back({begun + typed.substr(size), 0.6 * slips + 0.1 + (foreign ? kForeign : 0)});
    }
  }

  // Names of this session: the words of its categories.
  void CutNames() {
    for (const std::string& category : vocabulary_.categories) {
      categories_.push_back(CutAtoms(category, 8));
      for (const Atom& atom : categories_.back()) names_.push_back(atom.text);
    }
    for (const std::string& name : {vocabulary_.suite, vocabulary_.model}) {
      if (!name.empty()) own_.push_back(CutAtoms(name, 12));
    }
  }
  bool IsName(const std::string& word) const {
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) { return Stem(name) == Stem(word); });
  }

  void Add(size_t from, size_t to, std::string symbol, double price, Sense sense) {
    lattice_.edges.push_back(
        {static_cast<int>(from), static_cast<int>(to), std::move(symbol), price, std::move(sense)});
  }

  void AddNumber(size_t i, std::string symbol) {
    Sense sense;
    sense.number = NumberOf(At(i).raw, lattice_.language);
    Add(i, i + 1, std::move(symbol), 0, std::move(sense));
  }

  void AddAtom(size_t i) {
    const Atom& atom = At(i);
    Sense sense;
    double percentile = 0;
    switch (atom.kind) {
      case Kind::kNumber:
        return AddNumber(i, "digits");
      case Kind::kOrdinal:
        return AddNumber(i, "ord");
      case Kind::kHash:
        return AddNumber(i, "hash");
      case Kind::kQuoted:
        sense.texts = {atom.raw};
        return Add(i, i + 1, "quoted", 0, std::move(sense));
      case Kind::kMark:
        sense.word = atom.text;
        if (std::string_view(",.;?!:\n").find(atom.text) != std::string_view::npos) {
          Add(i, i + 1, "stop", 0, std::move(sense));
        }
        return;
      case Kind::kWord:
        if (atom.text.size() > 1 && atom.text[0] == 'p' && absl::SimpleAtod(atom.text.substr(1), &percentile) &&
            percentile >= 0 && percentile <= 100) {
          sense.statistic = pb::STATISTIC_PERCENTILE;
          sense.number = percentile;
          Add(i, i + 1, "stat", 0, std::move(sense));
        }
        return;
      default:
        return;
    }
  }

  bool IsPlural(const Atom& last, const std::string& symbol) const {
    if (last.kind == Kind::kGlyph) return true;  // not told apart
    if (lattice_.language == "de") return symbol == "noun" && (last.text.ends_with('n') || last.text.ends_with('s'));
    return last.text.size() > 3 && Stem(last.text) != last.text;
  }

  // Scripts without spaces have several characters to a word.
  double WordShare(size_t i) const { return At(i).kind == Kind::kGlyph ? 0.4 : 1; }

  // What it costs to read atom `i` as a word of a phrase; negative where it cannot be.
  double PriceOf(const Lexicon& lexicon, const std::string& pattern, size_t i) const {
    if (i >= size() || !IsText(At(i))) return -1;
    double best = -1;
    for (const Spelling& spelling : spellings_[i]) {
      const bool same = lexicon.Matches(pattern, spelling.text) ||
                        (spelling.price > 0 && pattern.ends_with('*') && pattern.starts_with(spelling.text));
      if (same && (best < 0 || spelling.price < best)) best = spelling.price;
    }
    return best;
  }

  void AddPhrases(size_t i) {
    if (!IsText(At(i))) return;
    for (const Lexicon* lexicon : lexicons_) {
      std::vector<const Phrase*> candidates;
      for (const Spelling& spelling : spellings_[i]) lexicon->AppendCandidates(spelling.text, candidates);
      std::sort(candidates.begin(), candidates.end());
      candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
      for (const Phrase* phrase : candidates) {
        double price = lexicon == lexicons_[0] ? 0 : kForeign;
        // The longer a phrase, the surer it is meant.
        if (phrase->symbol == "never") price -= kSurely;
        if (phrase->symbol != "f") price -= kLongPhrase * static_cast<double>(phrase->words.size() - 1) * WordShare(i);
        bool matches = true;
        for (size_t at = 0; at < phrase->words.size() && matches; ++at) {
          const double word = PriceOf(*lexicon, phrase->words[at], i + at);
          matches = word >= 0 && (word < 0.01 || phrase->symbol != "f" || IsSlipOf(i + at, phrase->words[at]));
          price += word;
        }
        if (!matches) continue;
        Sense sense = phrase->sense;
        const Atom& last = At(i + phrase->words.size() - 1);
        sense.plural = sense.plural || IsPlural(last, phrase->symbol);
        if (phrase->symbol == "comparative") {
          sense.than = HasWord(*lexicon, "than", phrase->words.back());
          sense.took = HasWord(*lexicon, "took", phrase->words.front());
        }
        Add(i, i + phrase->words.size(), phrase->symbol, price, std::move(sense));
      }
    }
  }

  // Whether the atom has the letters of that word, in another order or number: only then it may be one that says
  // nothing. "Where" is not "here".
  bool IsSlipOf(size_t i, const std::string& word) const {
    const std::string& typed = At(i).text;
    return std::set<char>(typed.begin(), typed.end()) == std::set<char>(word.begin(), word.end());
  }

  // Whether the word by itself is a phrase of that symbol.
  static bool HasWord(const Lexicon& lexicon, std::string_view symbol, const std::string& word) {
    std::vector<const Phrase*> candidates;
    lexicon.AppendCandidates(word, candidates);
    return std::any_of(candidates.begin(), candidates.end(), [&](const Phrase* phrase) {
      return phrase->symbol == symbol && phrase->words.size() == 1 && lexicon.Matches(phrase->words[0], word);
    });
  }

  // Whether the atoms from `i` on are these, in whatever number.
  bool IsNamedAt(size_t i, const std::vector<Atom>& name, double& price) const {
    if (name.empty() || i + name.size() > size()) return false;
    price = 0;
    for (size_t at = 0; at < name.size(); ++at) {
      double best = -1;
      for (const Spelling& spelling : spellings_[i + at]) {
        if (Stem(spelling.text) == Stem(name[at].text) && (best < 0 || spelling.price < best)) best = spelling.price;
      }
      if (best < 0) return false;
      price += best;
    }
    return true;
  }

  void AddNames(size_t i) {
    double price = 0;
    for (size_t c = 0; c < categories_.size(); ++c) {
      if (!IsNamedAt(i, categories_[c], price)) continue;
      Sense sense;
      sense.filters = {TextFilter(pb::FILTER_FIELD_CATEGORY, pb::COMPARISON_EQUAL, vocabulary_.categories[c])};
      // A category that is also a word of the language is it where its neighbours say so.
      const bool word =
          categories_[c].size() == 1 && std::any_of(lexicons_.begin(), lexicons_.end(),
                                                    [&](const Lexicon* l) { return l->Knows(categories_[c][0].text); });
      Add(i, i + categories_[c].size(), "name", price + (word ? 0.7 : 0), std::move(sense));
    }
    AddPartOfName(i);
    for (const std::vector<Atom>& name : own_) {
      if (IsNamedAt(i, name, price)) Add(i, i + name.size(), "f", price, {});
    }
  }

  // Code prompts, where code_review is the one category of code.
  void AddPartOfName(size_t i) {
    if (At(i).kind != Kind::kWord || At(i).text.size() < 4) return;
    size_t found = categories_.size();
    for (size_t c = 0; c < categories_.size(); ++c) {
      const bool has = categories_[c].size() > 1 &&
                       std::any_of(categories_[c].begin(), categories_[c].end(),
                                   [&](const Atom& word) { return Stem(word.text) == Stem(At(i).text); });
      if (!has) continue;
      if (found < categories_.size()) return;
      found = c;
    }
    if (found == categories_.size()) return;
    Sense sense;
    sense.filters = {TextFilter(pb::FILTER_FIELD_CATEGORY, pb::COMPARISON_EQUAL, vocabulary_.categories[found])};
    Add(i, i + 1, "partname", 0.4, std::move(sense));
  }

  // In scripts without spaces a character that says nothing by itself is often part of a word that does.
  void PreferLongerWords() {
    for (Edge& edge : lattice_.edges) {
      if (edge.symbol != "f" || At(static_cast<size_t>(edge.from)).kind != Kind::kGlyph) continue;
      const bool within = std::any_of(lattice_.edges.begin(), lattice_.edges.end(), [&](const Edge& other) {
        return other.symbol != "f" && other.from <= edge.from && other.to >= edge.to &&
               other.to - other.from > edge.to - edge.from;
      });
      if (within) edge.price += kPartOfWord;
    }
  }

  // Words that say nothing by themselves and are part of a phrase that does: just the, which model was used. A path of
  // such words costs less than any phrase, and would leave out what it says.
  void PreferWhatPoints() {
    for (Edge& edge : lattice_.edges) {
      if (edge.symbol != "f" || edge.to != edge.from + 1) continue;
      const bool within = std::any_of(lattice_.edges.begin(), lattice_.edges.end(), [&](const Edge& other) {
        return IsOneOf(other.symbol, {"fact", "only", "rest", "never", "why"}) && other.from <= edge.from &&
               other.to >= edge.to && other.to > other.from + 1 && other.price < 0.01;
      });
      if (within) edge.price += kPartOfPhrase;
      // By category: to pass over the word is no reading as near as the grouping.
      if (StandsFor(edge.from, edge.to, "by")) edge.price += kPassedOver;
    }
  }

  // What each atom may be where a text is looked for.
  struct TextPlaces {
    std::vector<bool> known;        // has a meaning of its own
    std::vector<bool> function;     // says nothing
    std::vector<bool> restricts;    // not, only, except: what never is part of a text
    std::vector<bool> begins;       // stands after what asks for a text
    std::vector<bool> named;        // stands after "the word", "the phrase"
    std::vector<bool> after_joint;  // stands after `and`, `or`
    std::vector<bool> conditions;   // chooses results
    std::vector<bool> looks_for;    // begins what asks for a text
  };

  static bool IsOneOf(const std::string& symbol, std::initializer_list<std::string_view> symbols) {
    return std::find(symbols.begin(), symbols.end(), symbol) != symbols.end();
  }

  // Whether the stretch may be a phrase of that symbol as it stands.
  bool StandsFor(int from, int to, std::string_view symbol) const {
    return std::any_of(lattice_.edges.begin(), lattice_.edges.end(), [&](const Edge& edge) {
      return edge.from == from && edge.to == to && edge.symbol == symbol && edge.price < 0.01;
    });
  }

  TextPlaces PlacesOfTexts() const {
    const std::vector<bool> none(size() + 1, false);
    TextPlaces places{none, none, none, none, none, none, none, none};
    for (const Edge& edge : lattice_.edges) {
      const auto from = static_cast<size_t>(edge.from);
      const auto to = static_cast<size_t>(edge.to);
      const bool sure = edge.price < 0.01;
      if (edge.symbol == "f" && to == from + 1) places.function[from] = true;
      if (IsOneOf(edge.symbol, {"not", "only", "exclude", "excludeafter", "neither", "butnot"}) && sure) {
        places.restricts[from] = true;
      }
      if (!IsOneOf(edge.symbol, {"f", "textnoun", "topic"}) && sure) {
        for (size_t i = from; i < to; ++i) places.known[i] = true;
      }
      if (edge.symbol == "flt" && sure) places.conditions[from] = true;
      if (IsOneOf(edge.symbol, {"or", "and", "butnot"})) places.after_joint[to] = true;
      if (edge.symbol == "textnoun") places.named[to] = true;
      if (IsOneOf(edge.symbol, {"mention", "starts", "ends", "about", "or", "and", "butnot", "textnoun", "neither"})) {
        places.begins[to] = true;
      }
      const bool looks =
          IsOneOf(edge.symbol, {"starts", "ends", "mention"}) || (edge.symbol == "noun" && edge.from > 0);
      if (looks && sure) places.looks_for[from] = true;
    }
    // Not including weekends: what is left out is no text.
    for (const Edge& edge : lattice_.edges) {
      const bool leaves_out = edge.symbol == "exclude" && edge.to > edge.from + 1 && edge.price < 0.01 &&
                              !StandsFor(edge.from, edge.to, "butnot");
      if (leaves_out && !places.named[static_cast<size_t>(edge.to)])
        places.begins[static_cast<size_t>(edge.to)] = false;
    }
    for (size_t i = 0; i < size(); ++i) {
      // An article may stand between.
      if (!places.begins[i] || !places.function[i]) continue;
      places.begins[i + 1] = true;
      places.named[i + 1] = places.named[i + 1] || places.named[i];
      places.after_joint[i + 1] = places.after_joint[i + 1] || places.after_joint[i];
    }
    return places;
  }

  // Unquoted texts after what asks for one: `mention refund`. Of several words only where none says anything else, or
  // where they are called a phrase: "refund by category" is no text.
  void AddFreeTexts() {
    const TextPlaces places = PlacesOfTexts();
    for (size_t i = 0; i < size(); ++i) {
      // Mention an invoice and failed.
      // But whose answers do not.
      const bool before_noun = places.after_joint[i] && places.function[i] && i + 1 < size() && places.looks_for[i + 1];
      const bool goes_on = places.after_joint[i] && (places.conditions[i] || places.looks_for[i]);
      if (!places.begins[i] || before_noun || goes_on) continue;
      // Responses of about 100 tokens.
      if (At(i).kind == Kind::kNumber && i > 0 && At(i - 1).text == "about") continue;
      AddFreeTextsAt(i, places);
    }
    AddTextsWithin(places);
  }

  void AddFreeTextsAt(size_t i, const TextPlaces& places) {
    Sense sense;
    sense.texts = {""};
    double price = 0.3;
    bool plain = true;
    bool named = places.named[i];
    for (size_t end = i; end < size() && end < i + kLongestFreeText; ++end) {
      const Atom& atom = At(end);
      if (atom.kind == Kind::kQuoted || atom.kind == Kind::kMark || places.restricts[end]) break;
      const bool glyph = atom.kind == Kind::kGlyph;
      const bool says = places.known[end] || places.function[end] || atom.kind == Kind::kNumber;
      const bool glued = sense.texts[0].empty() || glyph;
      sense.texts[0] += (glued ? "" : " ") + atom.raw;
      price += places.known[end] || places.function[end] ? kKnownFreeWord : kFreeWord;
      plain = plain && (glyph || !says);
      named = named && !places.known[end] && atom.kind != Kind::kNumber;
      const bool one_word = end == i && (!places.function[end] || places.known[end]);
      if (plain || one_word || named) Add(i, end + 1, "free", price, sense);
    }
  }

  // With code in the response: what stands between is a text.
  void AddTextsWithin(const TextPlaces& places) {
    constexpr int kLongest = 4;
    const std::vector<Edge> edges = lattice_.edges;
    for (const Edge& with : edges) {
      if (with.symbol != "with") continue;
      for (const Edge& within : edges) {
        if (within.symbol != "intext" || within.from <= with.to || within.from > with.to + kLongest) continue;
        Sense sense;
        sense.texts = {""};
        double price = 0.3;
        for (int i = with.to; i < within.from; ++i) {
          const Atom& atom = At(static_cast<size_t>(i));
          if (!IsText(atom) || atom.kind == Kind::kMark || places.restricts[static_cast<size_t>(i)]) {
            sense.texts[0].clear();
            break;
          }
          sense.texts[0] += (i > with.to ? " " : "") + atom.raw;
          price += kFreeWord;
        }
        if (sense.texts[0].empty()) continue;
        Add(static_cast<size_t>(with.to), static_cast<size_t>(within.from), "free", price, std::move(sense));
      }
    }
  }

  const Vocabulary& vocabulary_;
  Lattice lattice_;
  std::vector<const Lexicon*> lexicons_;  // the question's language, then English
  std::vector<std::vector<Spelling>> spellings_;
  std::vector<std::vector<Atom>> categories_, own_;
  std::vector<std::string> names_;
};

}  // namespace

Lattice BuildLattice(std::vector<Atom> atoms, const Vocabulary& vocabulary, const std::string& before,
                     const std::string& language) {
  return Builder(std::move(atoms), vocabulary, before, language).Build();
}

}  // namespace ftl::analytics
