#include "services/analytics/planner/token.h"

#include <array>
#include <cctype>
#include <utility>

#include <absl/strings/numbers.h>
#include <absl/strings/str_replace.h>

namespace ftl::analytics {
namespace {

using Kind = Token::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80 || c == '_';
}

// Accented letters and marks, and what they are without.
constexpr std::array<std::pair<std::string_view, std::string_view>, 77> kFolds = {{
    {"à", "a"},  {"á", "a"},  {"â", "a"}, {"ã", "a"}, {"ä", "a"},  {"å", "a"},  {"æ", "ae"}, {"ç", "c"},  {"è", "e"},
    {"é", "e"},  {"ê", "e"},  {"ë", "e"}, {"ì", "i"}, {"í", "i"},  {"î", "i"},  {"ï", "i"},  {"ñ", "n"},  {"ò", "o"},
    {"ó", "o"},  {"ô", "o"},  {"õ", "o"}, {"ö", "o"}, {"ø", "o"},  {"ù", "u"},  {"ú", "u"},  {"û", "u"},  {"ü", "u"},
    {"ý", "y"},  {"ß", "ss"}, {"À", "a"}, {"Á", "a"}, {"Â", "a"},  {"Ã", "a"},  {"Ä", "a"},  {"Å", "a"},  {"Æ", "ae"},
    {"Ç", "c"},  {"È", "e"},  {"É", "e"}, {"Ê", "e"}, {"Ë", "e"},  {"Ì", "i"},  {"Í", "i"},  {"Î", "i"},  {"Ï", "i"},
    {"Ñ", "n"},  {"Ò", "o"},  {"Ó", "o"}, {"Ô", "o"}, {"Õ", "o"},  {"Ö", "o"},  {"Ø", "o"},  {"Ù", "u"},  {"Ú", "u"},
    {"Û", "u"},  {"Ü", "u"},  {"Ý", "y"}, {"ł", "l"}, {"ś", "s"},  {"ż", "z"},  {"ź", "z"},  {"ć", "c"},  {"ń", "n"},
    {"ę", "e"},  {"ą", "a"},  {"’", "'"}, {"‘", "'"}, {"“", "\""}, {"”", "\""}, {"„", "\""}, {"«", "\""}, {"»", "\""},
    {"≥", ">="}, {"≤", "<="}, {"–", "-"}, {"¿", ""},  {"¡", ""},
}};

// Reads tokens off the front of a folded question.
class Reader {
 public:
  explicit Reader(std::string text) : text_(std::move(text)) {}

  std::vector<Token> Read() && {
    while (at_ < text_.size()) ReadOne();
    return std::move(tokens_);
  }

 private:
  char Here(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void Put(Kind kind, std::string text, double number = 0) {
    Token token;
    token.kind = kind;
    token.raw = text;
    token.text = std::move(text);
    token.stem = kind == Kind::kWord ? Stem(token.text) : token.text;
    token.number = number;
    tokens_.push_back(std::move(token));
  }

  void ReadOne() {
    const char c = Here();
    if (c == '"' || c == '`' || (c == '\'' && (at_ == 0 || !IsWordByte(text_[at_ - 1])))) {
      if (ReadQuoted(c)) return;
      ++at_;
    } else if (c == '#' && IsDigit(Here(1))) {
      ++at_;
      const std::string digits = Digits();
      Put(Kind::kHash, digits, Value(digits));
    } else if (IsDigit(c) || (c == '.' && IsDigit(Here(1)))) {
      ReadNumber();
    } else if (IsWordByte(c)) {
      ReadWord();
    } else if (c == '<' || c == '>' || c == '=') {
      const bool with_equal = c != '=' && Here(1) == '=';
      Put(Kind::kSymbol, with_equal ? std::string{c, '='} : std::string{c});
      at_ += with_equal ? 2 : 1;
    } else if (c == '%' || c == '+' || c == '-' || c == '~') {
      // Between words a hyphen only joins them.
      const bool joins = c == '-' && (tokens_.empty() || tokens_.back().kind != Kind::kNumber || !IsDigit(Here(1)));
      if (!joins) Put(Kind::kSymbol, std::string{c});
      ++at_;
    } else {
      if (c == ',' || c == '.' || c == ';' || c == '?' || c == '!' || c == ':' || c == '\n')
        Put(Kind::kStop, std::string{c});
      ++at_;
    }
  }

  bool ReadQuoted(char mark) {
    const size_t end = text_.find(mark, at_ + 1);
    if (end == std::string::npos || end == at_ + 1) return false;
    Put(Kind::kQuoted, text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return true;
  }

  std::string Digits() {
    std::string digits;
    while (IsDigit(Here()) || (Here() == '.' && IsDigit(Here(1))) ||
           (Here() == ',' && IsDigit(Here(1)) && IsDigit(Here(2)) && IsDigit(Here(3)) && !IsDigit(Here(4)))) {
      if (Here() != ',') digits += Here();
      ++at_;
    }
    return digits;
  }

  static double Value(const std::string& digits) {
    double value = 0;
    return absl::SimpleAtod(digits, &value) ? value : 0;
  }

  void ReadNumber() {
    std::string digits = Digits();
    // A decimal comma, as in 1,5 s.
    if (Here() == ',' && IsDigit(Here(1)) && digits.find('.') == std::string::npos) {
      ++at_;
      digits += "." + Digits();
    }
    std::string suffix;
    for (size_t i = 0; IsWordByte(Here(i)) && !IsDigit(Here(i)); ++i) suffix += Here(i);
    if (suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th" || suffix == "ile" || suffix == "e" ||
        suffix == "eme") {
      at_ += suffix.size();
      Put(Kind::kOrdinal, digits + suffix, Value(digits));
    } else if (suffix == "k") {
      ++at_;
      Put(Kind::kNumber, digits + "k", Value(digits) * 1000);
    } else {
      Put(Kind::kNumber, digits, Value(digits));
    }
  }

  void ReadWord() {
    if (Here() == 'p' && IsDigit(Here(1))) {
      ++at_;
      const std::string digits = Digits();
      if (!IsWordByte(Here()) && Value(digits) <= 100) {
        Put(Kind::kPercentile, "p" + digits, Value(digits));
        return;
      }
      at_ -= digits.size() + 1;
    }
    std::string word;
    while (IsWordByte(Here()) || (Here() == '\'' && IsWordByte(Here(1)))) {
      if (Here() == '_') {
        if (!word.empty()) Put(Kind::kWord, std::exchange(word, ""));
      } else if (Here() != '\'') {
        word += Here();
      }
      ++at_;
    }
    if (!word.empty()) Put(Kind::kWord, std::move(word));
  }

  std::string text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::string Fold(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    bool replaced = false;
    if (static_cast<unsigned char>(text[i]) >= 0x80) {
      for (const auto& [from, to] : kFolds) {
        if (text.substr(i).starts_with(from)) {
          folded += to;
          i += from.size();
          replaced = true;
          break;
        }
      }
    }
    if (!replaced) folded += static_cast<char>(std::tolower(static_cast<unsigned char>(text[i++])));
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

std::vector<Token> Tokenise(std::string_view question) { return Reader(Fold(question)).Read(); }

}  // namespace ftl::analytics
