#include "services/analytics/narrator/claim_words.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "services/analytics/lexicon/lexicon_data.h"

namespace ftl::analytics {
namespace {

constexpr size_t kNumeralBytes = 3;  // of a character that is a numeral
constexpr std::string_view kLanguages[] = {"en", "de", "es", "fr", "pt", "zh", "ja"};
constexpr std::pair<std::string_view, Unit> kUnitNames[] = {
    {"per_second", Unit::kPerSecond}, {"milliseconds", Unit::kMilliseconds}, {"per_cent", Unit::kPerCent},
    {"tokens", Unit::kTokens},        {"characters", Unit::kCharacters},     {"words", Unit::kWords},
    {"attempts", Unit::kAttempts}};

// The words of `lexicon/<language>/claims.txt`, of all languages.
class Words {
 public:
  Words() {
    for (const std::string_view language : kLanguages) {
      const std::string_view text = LexiconText(language, "claims");
      for (const absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
        ReadLine(line);
      }
    }
  }

  const std::vector<UnitWord>& units() const { return units_; }
  const std::vector<std::string_view>& fillers() const { return fillers_; }
  bool IsFunction(std::string_view word) const { return functions_.count(word) > 0; }
  std::optional<double> NumberOf(std::string_view word) const { return Find(numbers_, word); }
  std::optional<double> NumeralAt(std::string_view text) const {
    return Find(numerals_, text.substr(0, kNumeralBytes));
  }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  using Values = std::unordered_map<std::string_view, double>;

  static std::optional<double> Find(const Values& values, std::string_view word) {
    const auto found = values.find(word);
    return found == values.end() ? std::nullopt : std::optional<double>(found->second);
  }

  // `unit:milliseconds,1000 = s | sec`. The words stay where they stand, in the program.
  void ReadLine(absl::string_view line) {
    if (line.empty() || line[0] == '#') return;
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(line, absl::MaxSplits(" = ", 1));
    const std::pair<std::string, std::string> meaning = absl::StrSplit(sides.first, absl::MaxSplits(':', 1));
    for (const absl::string_view part : absl::StrSplit(sides.second, '|')) {
      const absl::string_view word = absl::StripAsciiWhitespace(part);
      if (word.empty() || !Add(meaning.first, meaning.second, {word.data(), word.size()})) {
        faults_.push_back(absl::StrCat("no word of a claim: ", line));
      }
    }
  }

  bool Add(const std::string& kind, const std::string& value, std::string_view word) {
    if (kind == "unit") return AddUnit(value, word);
    if (kind == "counted") units_.push_back({word, Unit::kCount});
    if (kind == "filler") fillers_.push_back(word);
    if (kind == "function") functions_.insert(word);
    if (kind == "counted" || kind == "filler" || kind == "function") return true;
    double number = 0;
    if (!absl::SimpleAtod(value, &number)) return false;
    if (kind == "number") numbers_.emplace(word, number);
    if (kind == "numeral") numerals_.emplace(word, number);
    return kind == "number" || (kind == "numeral" && word.size() == kNumeralBytes);
  }

  bool AddUnit(const std::string& value, std::string_view word) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(value, absl::MaxSplits(',', 1));
    UnitWord unit{word, Unit::kNumber};
    if (!parts.second.empty() && !absl::SimpleAtod(parts.second, &unit.scale)) return false;
    unit.foreign = parts.first == "foreign";
    const auto named = std::find_if(std::begin(kUnitNames), std::end(kUnitNames),
                                    [&](const auto& name) { return name.first == parts.first; });
    if (named != std::end(kUnitNames)) unit.unit = named->second;
    units_.push_back(unit);
    return unit.foreign || named != std::end(kUnitNames);
  }

  std::vector<UnitWord> units_;
  std::vector<std::string_view> fillers_;
  std::unordered_set<std::string_view> functions_;
  Values numbers_, numerals_;
  std::vector<std::string> faults_;
};

const Words& AllWords() {
  static const auto& words = *new Words;
  return words;
}

std::optional<WordNumber> NumeralsAt(std::string_view text) {
  double total = 0;
  double section = 0;
  double digit = 0;
  size_t size = 0;
  size_t numerals = 0;
  for (auto value = AllWords().NumeralAt(text); value; value = AllWords().NumeralAt(text.substr(size))) {
    if (*value < 10) {
      digit = *value;
    } else if (*value < 10000) {
      section += (digit == 0 ? 1 : digit) * *value;
      digit = 0;
    } else {
      total += (section + digit) * *value;
      section = digit = 0;
    }
    size += kNumeralBytes;
    ++numerals;
  }
  if (numerals == 0) return std::nullopt;
  const double value = total + section + digit;
  // 一 and 十 stand in many words that count nothing, 十分 and 万一 among them.
  const std::string_view rest = text.substr(size);
  if (text.substr(0, size) == "万一" || (text.substr(0, size) == "十" && rest.substr(0, 3) == "分"))
    return std::nullopt;
  if (numerals == 1 && (value == 1 || UnitAt(rest) == nullptr)) return std::nullopt;
  return WordNumber{value, size};
}

size_t JoinerAt(std::string_view text) {
  for (const std::string_view joiner : {" and ", " y ", " et ", " e ", "-", " "}) {
    if (text.substr(0, joiner.size()) == joiner) return joiner.size();
  }
  return 0;
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0xC3;
}

}  // namespace

size_t WordSize(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    const auto byte = static_cast<unsigned char>(text[size]);
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
      ++size;
    } else if (byte >= 0xC3 && byte <= 0xCF && size + 1 < text.size()) {
      size += 2;  // Latin letters with marks, Greek
    } else {
      break;
    }
  }
  return size;
}

const UnitWord* UnitAt(std::string_view text) {
  const UnitWord* longest = nullptr;
  const size_t word = WordSize(text);
  auto fits = [&](std::string_view name) {
    if (text.substr(0, name.size()) != name) return false;
    // A word of letters ends where it ends.
    return !IsWordByte(name.back()) || static_cast<unsigned char>(name.back()) >= 0x80 ||
           WordSize(text.substr(name.size())) == 0 || word == 0;
  };
  for (const UnitWord& unit : AllWords().units()) {
    if (!fits(unit.word)) continue;
    const size_t size = longest ? longest->word.size() : 0;
    // What is a unit and a thing that is counted is the unit.
    const bool surer = unit.word.size() == size && longest->unit == Unit::kCount && unit.unit != Unit::kCount;
    if (unit.word.size() > size || surer) longest = &unit;
  }
  return longest;
}

size_t FillerAt(std::string_view text) {
  size_t longest = 0;
  for (const std::string_view filler : AllWords().fillers()) {
    if (text.substr(0, filler.size()) == filler) longest = std::max(longest, filler.size());
  }
  return longest;
}

bool IsFunctionWord(std::string_view word) { return AllWords().IsFunction(word); }

std::optional<WordNumber> NumberWordsAt(std::string_view text) {
  if (const auto numerals = NumeralsAt(text)) return numerals;
  double total = 0;
  double current = 0;
  double last = 0;
  size_t size = 0;
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const size_t length = WordSize(text.substr(at));
    const std::optional<double> word = AllWords().NumberOf(text.substr(at, length));
    if (length == 0 || !word) break;
    const double value = *word;
    // `five six` are two numbers, `twenty six` is one.
    if (any && value < 100 && last < 100 && !(last >= 20 && value < last) && !(last == 4 && value == 20)) break;
    if (value >= 1000) {
      total += (current == 0 ? 1 : current) * value;
      current = 0;
    } else if (value == 100) {
      current = (current == 0 ? 1 : current) * 100;
    } else if (last == 4 && value == 20) {
      current = current - 4 + 80;  // quatre-vingts
    } else {
      current += value;
    }
    last = value == 20 && last == 4 ? 80 : value;
    any = true;
    size = at + length;
    at = size + JoinerAt(text.substr(size));
    if (at == size) break;
  }
  if (!any) return std::nullopt;
  return WordNumber{total + current, size};
}

const std::vector<std::string>& ClaimWordFaults() { return AllWords().faults(); }

}  // namespace ftl::analytics
