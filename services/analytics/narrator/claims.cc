#include "services/analytics/narrator/claims.h"

#include <algorithm>
#include <cmath>

#include <absl/strings/numbers.h>
#include <re2/re2.h>

#include "services/analytics/narrator/claim_words.h"

namespace ftl::analytics {
namespace {

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

double Parsed(std::string digits) {
  double value = 0;
  return absl::SimpleAtod(digits, &value) ? value : -1;
}

// Half of the last digit that says something: 1.7 is 0.05, 1,700 is 50. Two digits always count.
double Slack(const std::string& digits) {
  const size_t point = digits.find('.');
  if (point != std::string::npos) return 0.5 * std::pow(10, -static_cast<double>(digits.size() - point - 1));
  size_t zeros = 0;
  while (zeros + 2 < digits.size() && digits[digits.size() - 1 - zeros] == '0') ++zeros;
  return 0.5 * std::pow(10, static_cast<double>(zeros));
}

void AddReading(std::string digits, std::vector<Claim::Reading>& readings) {
  const double value = Parsed(digits);
  if (value >= 0) readings.push_back({value, Slack(digits)});
}

// What digits with points, commas, apostrophes and spaces between may mean.
std::vector<Claim::Reading> ReadingsOf(std::string_view written) {
  std::string marks;
  for (const char c : written) {
    if (!IsDigit(c)) marks += c;
  }
  std::vector<Claim::Reading> readings;
  auto with = [&](char decimal) {
    std::string digits;
    for (const char c : written) {
      if (IsDigit(c)) digits += c;
      if (c == decimal) digits += '.';
    }
    if (std::count(digits.begin(), digits.end(), '.') <= 1) AddReading(std::move(digits), readings);
  };
  if (marks.empty()) {
    with('\0');
    return readings;
  }
  const char last = marks.back();
  const bool once = std::count(marks.begin(), marks.end(), last) == 1;
  const size_t behind = written.size() - written.rfind(last) - 1;
  if (behind == 3) with('\0');                           // thousands
  if (once && (last == '.' || last == ',')) with(last);  // decimals
  return readings;
}

// Bytes of a number in digits at `at`.
size_t DigitsSize(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    if (IsDigit(text[size])) {
      ++size;
      continue;
    }
    const bool goes_on = size + 1 < text.size() && IsDigit(text[size + 1]);
    if (!goes_on) break;
    if (text[size] == '.' || text[size] == ',' || text[size] == '\'') {
      ++size;
      continue;
    }
    // A space parts thousands: exactly three digits follow.
    const bool thousands = text[size] == ' ' && size + 3 < text.size() && IsDigit(text[size + 2]) &&
                           IsDigit(text[size + 3]) && (size + 4 >= text.size() || !IsDigit(text[size + 4])) &&
                           size <= 3;
    if (!thousands) break;
    ++size;
  }
  return size;
}

// A magnitude behind digits: `2k`, `3万`, `1.2 million`.
double MagnitudeAt(std::string_view text, size_t& size) {
  static constexpr std::pair<std::string_view, double> kWords[] = {
      {"k", 1e3},      {" thousand", 1e3},  {" million", 1e6}, {"m", 1e6},  {" tausend", 1e3}, {" mil", 1e3},
      {" mille", 1e3}, {" millionen", 1e6}, {"千", 1e3},       {"万", 1e4}, {"億", 1e8},       {"亿", 1e8}};
  for (const auto& [word, scale] : kWords) {
    const bool ends = word[0] >= 0 ? WordSize(text.substr(std::min(word.size(), text.size()))) == 0 : true;
    if (text.substr(0, word.size()) != word || !ends) continue;
    size = word.size();
    return scale;
  }
  size = 0;
  return 1;
}

size_t SpacesAt(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && (text[size] == ' ' || text[size] == '-' || text[size] == '*')) ++size;
  return size;
}

// The unit behind a number that ends at `end`; how far it reaches.
void TakeUnit(std::string_view plain, Claim& claim) {
  size_t at = claim.end;
  for (int words = 0; words < 3; ++words) {
    const size_t next = at + SpacesAt(plain.substr(at));
    const std::string_view rest = plain.substr(next);
    if (const UnitWord* unit = UnitAt(rest)) {
      claim.unit = unit->unit;
      claim.foreign = unit->foreign;
      for (Claim::Reading& reading : claim.readings) {
        reading.value *= unit->scale;
        reading.slack *= unit->scale;
      }
      claim.end = next + unit->word.size();
      return;
    }
    const size_t filler = FillerAt(rest);
    if (filler == 0) {
      const std::string_view word = rest.substr(0, WordSize(rest));
      if (!word.empty() && !IsFunctionWord(word)) claim.foreign = true;
      return;
    }
    at = next + filler;
  }
}

// `of 40`, `/40`, `von 40` behind a number: of how many.
void TakeOf(std::string_view plain, Claim& claim) {
  static const RE2& of =
      *new RE2(R"(^\**\s*(?:/|out of|of|von|de|sur|em)\s*(?:the|all|den|allen|los|las|les|os|as)?\s*\**(\d+)\**)");
  static const RE2& among = *new RE2(R"((\d+)\s*(?:个|条|件|個)?(?:提示|请求|プロンプト)?(?:のうち|中)[^\d]{0,12}$)");
  const std::string_view behind = plain.substr(claim.end);
  re2::StringPiece number;
  re2::StringPiece rest = Piece(behind);
  if (RE2::PartialMatch(Piece(behind), of, &number)) {
    claim.of = Parsed(std::string(number));
    claim.end += static_cast<size_t>(number.data() + number.size() - rest.data());
    Claim whole;
    whole.readings = {{0, 0}};
    whole.end = claim.end;
    TakeUnit(plain, whole);
    claim.end = whole.end;
    return;
  }
  if (RE2::PartialMatch(Piece(plain.substr(0, claim.begin)), among, &number)) claim.of = Parsed(std::string(number));
}

// `#7`, `prompt 7`: a name.
bool NamesPrompt(std::string_view before) {
  static const RE2& name =
      *new RE2(R"((?:#|№|prompts?\s*(?:no\.|nr\.|number|nummer|número|n°)?\s*#?|プロンプト|提示|第)\s*\**$)");
  return RE2::PartialMatch(Piece(before), name);
}

bool IsMoney(std::string_view before) {
  for (const std::string_view sign : {"$", "€", "£", "¥"}) {
    if (before.ends_with(sign)) return true;
  }
  return false;
}

bool NamesPercentile(std::string_view before, std::string_view behind) {
  static const RE2& prefix = *new RE2(R"((?:\bp|percentile|perzentil|percentil|centile|パーセンタイル)\s*$)");
  static const RE2& suffix = *new RE2(
      R"(^(?:st|nd|rd|th|\.|e|er|eme|º|o|°|-)?\s*(?:个)?\s*(?:percentile|perzentil|percentil|centile|百分位|パーセンタイル))");
  return RE2::PartialMatch(Piece(before), prefix) || RE2::PartialMatch(Piece(behind), suffix);
}

// A 95 % interval names its confidence.
bool NamesConfidence(std::string_view behind) {
  static const RE2& interval =
      *new RE2(R"(^\s*(?:%|percent|prozent)?[\s-]*(?:confidence|interval|konfidenz|intervall|ci\b))");
  return RE2::PartialMatch(Piece(behind), interval);
}

bool IsListMark(std::string_view before, std::string_view number, std::string_view behind) {
  static const RE2& begin = *new RE2(R"((?:^|\n)[\s>*-]*$)");
  return number.size() <= 2 && !behind.empty() && (behind[0] == '.' || behind[0] == ')') &&
         (behind.size() == 1 || behind[1] == ' ') && RE2::PartialMatch(Piece(before), begin);
}

struct Fraction {
  std::string_view word;
  double per_cent;
};
constexpr Fraction kFractions[] = {
    {"three quarters", 75},
    {"three-quarters", 75},
    {"two thirds", 200.0 / 3},
    {"two-thirds", 200.0 / 3},
    {"one third", 100.0 / 3},
    {"a third", 100.0 / 3},
    {"one quarter", 25},
    {"a quarter", 25},
    {"half", 50},
    {"drei viertel", 75},
    {"zwei drittel", 200.0 / 3},
    {"ein drittel", 100.0 / 3},
    {"ein viertel", 25},
    {"hälfte", 50},
    {"tres cuartos", 75},
    {"dos tercios", 200.0 / 3},
    {"un tercio", 100.0 / 3},
    {"un cuarto", 25},
    {"mitad", 50},
    {"trois quarts", 75},
    {"deux tiers", 200.0 / 3},
    {"un tiers", 100.0 / 3},
    {"un quart", 25},
    {"moitié", 50},
    {"três quartos", 75},
    {"dois terços", 200.0 / 3},
    {"um terço", 100.0 / 3},
    {"um quarto", 25},
    {"metade", 50},
    {"一半", 50},
    {"半数", 50},
    {"半分", 50},
    {"三分之一", 100.0 / 3},
    {"三分之二", 200.0 / 3},
    {"四分之一", 25},
    {"四分之三", 75},
};

std::optional<Claim> FractionAt(std::string_view plain, size_t at) {
  static const RE2& half_of_run =
      *new RE2(R"((?:first|second|other|ersten?|zweiten?|primera|segunda|première|seconde|deuxième|primeira)\s*$)");
  for (const Fraction& fraction : kFractions) {
    if (plain.substr(at, fraction.word.size()) != fraction.word) continue;
    if (WordSize(plain.substr(at + fraction.word.size())) > 0 && fraction.word.back() >= 'a') continue;
    if (fraction.per_cent == 50 && RE2::PartialMatch(Piece(plain.substr(0, at)), half_of_run)) continue;
    Claim claim;
    claim.begin = at;
    claim.end = at + fraction.word.size();
    claim.readings = {{fraction.per_cent, 0.5}};
    claim.unit = Unit::kPerCent;
    return claim;
  }
  return std::nullopt;
}

// `三十七`, `百分之三十七`, `1⁄2`.
std::optional<Claim> NumberAt(std::string_view plain, size_t at) {
  constexpr std::string_view kPerHundred = "百分之";
  constexpr std::string_view kStroke = "⁄";
  Claim claim;
  claim.begin = at;
  const bool per_hundred = plain.substr(at, kPerHundred.size()) == kPerHundred;
  const size_t start = at + (per_hundred ? kPerHundred.size() : 0);
  if (start < plain.size() && IsDigit(plain[start])) {
    const size_t size = DigitsSize(plain.substr(start));
    claim.readings = ReadingsOf(plain.substr(start, size));
    claim.end = start + size;
    if (plain.substr(claim.end, kStroke.size()) == kStroke) {
      const size_t below = claim.end + kStroke.size();
      const size_t digits = DigitsSize(plain.substr(below));
      const double whole = Parsed(std::string(plain.substr(below, digits)));
      claim.readings = {{whole > 0 ? claim.readings.front().value / whole * 100 : -1, 0.5}};
      claim.unit = Unit::kPerCent;
      claim.end = below + digits;
      return claim;
    }
    size_t magnitude = 0;
    const double scale = MagnitudeAt(plain.substr(claim.end), magnitude);
    for (Claim::Reading& reading : claim.readings) {
      reading.value *= scale;
      reading.slack *= scale;
    }
    claim.end += magnitude;
  } else if (const auto words = NumberWordsAt(plain.substr(start))) {
    claim.readings = {{words->value, 0.5}};
    claim.end = start + words->size;
  } else {
    return std::nullopt;
  }
  if (per_hundred) claim.unit = Unit::kPerCent;
  if (!per_hundred) TakeUnit(plain, claim);
  if (!per_hundred && claim.unit == Unit::kCount) TakeOf(plain, claim);
  return claim;
}

// `one prompt`: counts only before what is counted.
std::optional<Claim> OneAt(std::string_view plain, size_t at) {
  static const RE2& one = *new RE2(
      R"(^(?:one|(?:only|just|nur|sólo|solo|solamente|seulement|apenas|só)\s+(?:one|an?|eine?|une?|una|uma?))\b)");
  re2::StringPiece rest = Piece(plain.substr(at));
  if (!RE2::Consume(&rest, one)) return std::nullopt;
  Claim claim;
  claim.begin = at;
  claim.end = plain.size() - rest.size();
  claim.readings = {{1, 0.5}};
  const size_t end = claim.end;
  TakeUnit(plain, claim);
  if (claim.end == end) return std::nullopt;
  return claim;
}

}  // namespace

std::vector<Claim> ClaimsIn(std::string_view plain) {
  std::vector<Claim> claims;
  size_t at = 0;
  bool in_word = false;
  while (at < plain.size()) {
    const bool begins = !in_word || !IsLetter(plain[at]);
    std::optional<Claim> claim;
    if (begins && (at == 0 || !IsLetter(plain[at - 1]) || !IsDigit(plain[at]))) {
      claim = FractionAt(plain, at);
      if (!claim) claim = NumberAt(plain, at);
      if (!claim) claim = OneAt(plain, at);
    }
    if (!claim) {
      // The digits of a word such as gpt4 name something.
      if (IsDigit(plain[at])) {
        while (at < plain.size() && (IsDigit(plain[at]) || IsLetter(plain[at]))) ++at;
        continue;
      }
      const size_t word = WordSize(plain.substr(at));
      at += std::max<size_t>(word, 1);
      in_word = false;
      while (word > 0 && at < plain.size() && IsDigit(plain[at]) && !NamesPercentile(plain.substr(0, at), "")) ++at;
      continue;
    }
    const std::string_view before = plain.substr(0, claim->begin);
    const size_t digits = DigitsSize(plain.substr(at));
    const std::string_view behind = plain.substr(std::min(plain.size(), at + std::max<size_t>(digits, 1)));
    at = std::max(claim->end, at + 1);
    if (digits > 0 && IsListMark(before, plain.substr(claim->begin, digits), behind)) {
      at = claim->begin + digits;
      continue;
    }
    if (digits > 0 && (NamesPercentile(before, behind) || NamesConfidence(behind))) {
      at = claim->begin + digits;
      continue;
    }
    claim->foreign = claim->foreign || IsMoney(before);
    if (digits > 0 && NamesPrompt(before)) {
      claim->kind = Claim::Kind::kPrompt;
      claim->end = claim->begin + digits;
      claim->readings = ReadingsOf(plain.substr(claim->begin, digits));
      claim->of.reset();
      at = claim->end;
    }
    claim->raw = std::string(plain.substr(claim->begin, claim->end - claim->begin));
    claims.push_back(*std::move(claim));
  }
  return claims;
}

}  // namespace ftl::analytics
