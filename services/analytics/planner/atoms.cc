#include "services/analytics/planner/atoms.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

namespace ftl::analytics {
namespace {

using Kind = Atom::Kind;

struct Character {
  char32_t code = 0;
  size_t size = 1;
};

// The character at `at`; a byte that is no UTF-8 stands for itself.
Character CharacterAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (size == 1 || at + size > text.size()) return {first, 1};
  char32_t code = first & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) code = (code << 6) | (byte(at + i) & 0x3F);
  return {code, size};
}

bool IsGlyph(char32_t code) {
  return (code >= 0x3040 && code <= 0x30FF) || (code >= 0x3400 && code <= 0x9FFF) ||
         (code >= 0xF900 && code <= 0xFAFF) || code == 0x3005;
}

// Marks of other scripts, and what they are in ours; full-width forms; 0 for what says nothing.
char32_t PlainOf(char32_t code) {
  if (code >= 0xFF01 && code <= 0xFF5E) return code - 0xFF01 + 0x21;
  switch (code) {
    case 0x3001:
    case 0x60C:
      return ',';
    case 0x3002:
      return '.';
    case 0x61F:
      return '?';
    case 0x300C:
    case 0x300D:
    case 0x300E:
    case 0x300F:
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0xAB:
    case 0xBB:
      return '"';
    case 0x2018:
    case 0x2019:
      return '\'';
    case 0x2013:
    case 0x2014:
    case 0x301C:
      return '-';
    case 0x3000:
    case 0xA0:
    case 0x202F:
      return ' ';
    case 0xBF:
    case 0xA1:
    case 0x30FB:
      return ' ';
    default:
      return code >= 0x2000 && code <= 0x206F ? ' ' : code;
  }
}

// The question with one code for each mark.
std::string Plain(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    const char32_t code = PlainOf(character.code);
    if (character.code == 0x2265) {
      plain += ">=";
    } else if (character.code == 0x2264) {
      plain += "<=";
    } else if (code != character.code && code < 0x80) {
      plain += static_cast<char>(code);
    } else {
      plain += text.substr(at, character.size);
    }
    at += character.size;
  }
  return plain;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Cutter {
 public:
  Cutter(std::string text, size_t most) : text_(std::move(text)), most_(most) {}

  std::vector<Atom> Cut() && {
    while (at_ < text_.size() && atoms_.size() < most_) CutOne();
    return std::move(atoms_);
  }

 private:
  char Here(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool IsWordAt(size_t at) const {
    if (at >= text_.size()) return false;
    const auto c = static_cast<unsigned char>(text_[at]);
    if (c < 0x80) return std::isalnum(c) != 0;
    return !IsGlyph(CharacterAt(text_, at).code);
  }

  void Put(Kind kind, std::string raw) {
    std::string text = kind == Kind::kQuoted ? raw : Fold(raw);
    atoms_.push_back({kind, std::move(raw), std::move(text)});
  }

  void CutOne() {
    const char c = Here();
    if (c == '"' || c == '`' || (c == '\'' && (at_ == 0 || !IsWordAt(at_ - 1)))) {
      if (CutQuoted(c)) return;
      ++at_;
    } else if (c == '#' && IsDigit(Here(1))) {
      ++at_;
      Put(Kind::kHash, Digits());
    } else if (IsDigit(c) || (c == '.' && IsDigit(Here(1)))) {
      CutNumber();
    } else if (IsWordAt(at_)) {
      CutWord();
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      const size_t size = CharacterAt(text_, at_).size;
      Put(Kind::kGlyph, text_.substr(at_, size));
      at_ += size;
    } else {
      CutMark();
    }
  }

  bool CutQuoted(char mark) {
    const size_t end = text_.find(mark, at_ + 1);
    if (end == std::string::npos || end == at_ + 1) return false;
    Put(Kind::kQuoted, text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return true;
  }

  std::string Digits() {
    std::string digits;
    while (IsDigit(Here()) || ((Here() == '.' || Here() == ',') && IsDigit(Here(1)))) digits += text_[at_++];
    return digits;
  }

  void CutNumber() {
    std::string digits = Digits();
    std::string suffix;
    for (size_t i = 0; std::isalpha(static_cast<unsigned char>(Here(i))) != 0 && i < 5; ++i) suffix += Here(i);
    for (const std::string_view ending : {"st", "nd", "rd", "th", "e", "eme", "er", "o", "a"}) {
      if (suffix != ending) continue;
      at_ += suffix.size();
      Put(Kind::kOrdinal, digits);
      atoms_.back().text += "th";
      return;
    }
    Put(Kind::kNumber, digits);
  }

  void CutWord() {
    const size_t begin = at_;
    while (IsWordAt(at_)) at_ += CharacterAt(text_, at_).size;
    // p99.9
    const bool percentile =
        (text_[begin] == 'p' || text_[begin] == 'P') && at_ > begin + 1 && IsDigit(text_[begin + 1]);
    if (percentile && Here() == '.' && IsDigit(Here(1))) {
      ++at_;
      while (IsDigit(Here())) ++at_;
    }
    Put(Kind::kWord, text_.substr(begin, at_ - begin));
  }

  void CutMark() {
    const char c = Here();
    ++at_;
    if ((c == '<' || c == '>') && Here() == '=') {
      ++at_;
      Put(Kind::kMark, std::string{c, '='});
      return;
    }
    // Between words a hyphen only joins them.
    const auto is_number = [](const Atom& atom) { return atom.kind == Kind::kNumber || atom.kind == Kind::kHash; };
    const bool to_number = IsDigit(Here()) || (Here() == '#' && IsDigit(Here(1)));
    const bool between_numbers = c == '-' && to_number && !atoms_.empty() && is_number(atoms_.back());
    // A switch of a command says something: grep -v.
    const bool is_switch = c == '-' && at_ > 1 && text_[at_ - 2] == ' ' && IsWordAt(at_);
    if (c == '-' && !between_numbers && !is_switch) return;
    if (std::string_view("<>=%+-~,.;?!:\n/$|&").find(c) != std::string_view::npos) Put(Kind::kMark, std::string{c});
  }

  std::string text_;
  size_t most_;
  size_t at_ = 0;
  std::vector<Atom> atoms_;
};

// Letters with marks, from U+00C0 to U+017F, without them; '?' where there is none.
constexpr std::string_view kLatin =
    "AAAAAA?CEEEEIIII?NOOOOO?OUUUUY?saaaaaa?ceeeeiiii?nooooo?ouuuuy?"
    "yAaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??"
    "JjKk?LlLlLlLlLlNnNnNnnNnOoOoOo??RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

void AppendFolded(std::string& folded, std::string_view text, const Character& character) {
  if (character.code == 0xDF) {
    folded += "ss";
  } else if (character.code == 0x153 || character.code == 0x152) {
    folded += "oe";
  } else if (character.code >= 0xC0 && character.code <= 0x17F && kLatin[character.code - 0xC0] != '?') {
    folded += static_cast<char>(std::tolower(static_cast<unsigned char>(kLatin[character.code - 0xC0])));
  } else if (character.code < 0x300 || character.code > 0x36F) {  // marks that stand apart from their letter go
    folded += text;
  }
}

}  // namespace

std::string Fold(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (character.code < 0x80) {
      folded += static_cast<char>(std::tolower(static_cast<int>(character.code)));
    } else {
      AppendFolded(folded, text.substr(at, character.size), character);
    }
    at += character.size;
  }
  return folded;
}

std::string Stem(std::string_view word) {
  std::string stem(word);
  if (stem.size() > 4 && stem.ends_with("ies")) return stem.substr(0, stem.size() - 3) + "y";
  if (stem.size() > 3 && stem.ends_with("s") && !stem.ends_with("ss") && !stem.ends_with("us") &&
      !stem.ends_with("is")) {
    stem.pop_back();
  }
  return stem;
}

std::vector<Atom> CutAtoms(std::string_view question, size_t most) { return Cutter(Plain(question), most).Cut(); }

}  // namespace ftl::analytics
