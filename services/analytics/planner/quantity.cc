#include "services/analytics/planner/quantity.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace ftl::analytics {
namespace {

using Kind = Token::Kind;
using Named = std::pair<std::string_view, double>;

constexpr std::array kSmall = {
    Named{"zero", 0},     Named{"one", 1},      Named{"two", 2},        Named{"three", 3},     Named{"four", 4},
    Named{"five", 5},     Named{"six", 6},      Named{"seven", 7},      Named{"eight", 8},     Named{"nine", 9},
    Named{"ten", 10},     Named{"eleven", 11},  Named{"twelve", 12},    Named{"thirteen", 13}, Named{"fourteen", 14},
    Named{"fifteen", 15}, Named{"sixteen", 16}, Named{"seventeen", 17}, Named{"eighteen", 18}, Named{"nineteen", 19},
    Named{"twenty", 20},  Named{"thirty", 30},  Named{"forty", 40},     Named{"fourty", 40},   Named{"fifty", 50},
    Named{"sixty", 60},   Named{"seventy", 70}, Named{"eighty", 80},    Named{"ninety", 90},   Named{"dozen", 12},
    Named{"couple", 2},   Named{"zwei", 2},     Named{"drei", 3},       Named{"vier", 4},      Named{"funf", 5},
    Named{"zehn", 10},    Named{"deux", 2},     Named{"troi", 3},       Named{"trois", 3},     Named{"cinq", 5},
    Named{"dos", 2},      Named{"tre", 3},      Named{"cinco", 5},      Named{"due", 2},       Named{"cinque", 5},
    Named{"diez", 10},    Named{"dix", 10},     Named{"deu", 2},        Named{"cien", 100},    Named{"cent", 100},
};
constexpr std::array kOrdinals = {
    Named{"first", 1},      Named{"third", 3},      Named{"fourth", 4},    Named{"fifth", 5},
    Named{"sixth", 6},      Named{"seventh", 7},    Named{"eighth", 8},    Named{"ninth", 9},
    Named{"tenth", 10},     Named{"twentieth", 20}, Named{"fiftieth", 50}, Named{"seventieth", 70},
    Named{"eightieth", 80}, Named{"ninetieth", 90},
};

template <typename Table>
std::optional<double> Find(const Table& table, std::string_view word) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Named& named) { return named.first == word; });
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

bool IsTimeUnit(std::string_view stem) {
  constexpr std::array kWords = {"s",       "sec",     "second",  "ms",       "msec",    "millisecond",
                                 "minute",  "min",     "sekunde", "sekunden", "seconde", "segundo",
                                 "secondo", "secondi", "milli",   "mili"};
  return std::find(kWords.begin(), kWords.end(), stem) != kWords.end();
}

double MillisecondsIn(std::string_view stem) {
  if (stem.starts_with("mil") || stem == "ms" || stem == "msec") return 1;
  return stem.starts_with("min") ? 60'000 : 1000;
}

class Joiner {
 public:
  explicit Joiner(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::vector<Token> Join() && {
    while (at_ < tokens_.size()) {
      if (!JoinPercentile() && !JoinNumber()) joined_.push_back(tokens_[at_++]);
    }
    return std::move(joined_);
  }

 private:
  const Token& At(size_t index) const {
    static const Token& nothing = *new Token{.kind = Kind::kStop};
    return index < tokens_.size() ? tokens_[index] : nothing;
  }
  bool IsPercentileWord(size_t index) const {
    const Token& token = At(index);
    return token.IsWord("percentile") || token.IsWord("percentil") || token.IsWord("perzentil") ||
           token.IsWord("centile") || token.IsWord("quantile") || token.IsWord("pct") || token.IsWord("pctl") ||
           token.IsWord("ile");
  }

  void Put(Kind kind, size_t end, double number, Unit unit) {
    Token token;
    token.kind = kind;
    for (size_t i = at_; i < end; ++i) token.raw += (i == at_ ? "" : " ") + tokens_[i].raw;
    token.text = token.stem = token.raw;
    token.number = number;
    token.unit = unit;
    joined_.push_back(std::move(token));
    at_ = end;
  }

  bool JoinPercentile() {
    const Token& token = At(at_);
    if (token.IsWord("p") && At(at_ + 1).kind == Kind::kNumber) {
      Put(Kind::kPercentile, at_ + 2, At(at_ + 1).number, Unit::kNone);
      return true;
    }
    if (IsPercentileWord(at_) && (At(at_ + 1).kind == Kind::kNumber || At(at_ + 1).kind == Kind::kOrdinal)) {
      Put(Kind::kPercentile, at_ + 2, At(at_ + 1).number, Unit::kNone);
      return true;
    }
    if (token.kind == Kind::kPercentile && IsPercentileWord(at_ + 1)) {
      Put(Kind::kPercentile, at_ + 2, token.number, Unit::kNone);
      return true;
    }
    double number = token.number;
    size_t end = at_ + 1;
    if (token.kind == Kind::kOrdinal || token.kind == Kind::kNumber) {
      if (At(end).IsSymbol("%")) ++end;
    } else if (const auto tens = Find(kSmall, token.stem); token.kind == Kind::kWord && tens && *tens >= 20) {
      number = *tens;
      if (const auto ones = Find(kOrdinals, At(end).stem); ones && *ones < 10) {
        number += *ones;
        ++end;
      } else if (const auto plain = Find(kSmall, At(end).stem); plain && *plain < 10) {
        number += *plain;
        ++end;
      }
    } else if (const auto whole = Find(kOrdinals, token.stem); token.kind == Kind::kWord && whole) {
      number = *whole;
    } else {
      return false;
    }
    if (At(end).IsWord("th")) ++end;
    if (!IsPercentileWord(end) || number > 100) return false;
    Put(Kind::kPercentile, end + 1, number, Unit::kNone);
    return true;
  }

  // The value of the number words from `*end` on, which is moved behind them.
  std::optional<double> Spelled(size_t* end) const {
    std::optional<double> value = Find(kSmall, At(*end).stem);
    if (At(*end).kind != Kind::kWord || !value) return std::nullopt;
    const double first = *value;
    ++*end;
    if (first >= 20 && first < 100) {
      if (const auto ones = Find(kSmall, At(*end).stem); ones && *ones > 0 && *ones < 10) {
        value = first + *ones;
        ++*end;
      }
    }
    if (At(*end).IsWord("of") && (first == 2 || first == 12)) ++*end;  // a couple of, a dozen of
    return value;
  }

  bool JoinNumber() {
    const Token& token = At(at_);
    size_t end = at_;
    std::optional<double> value;
    bool article = false;
    if (token.kind == Kind::kNumber) {
      value = token.number;
      ++end;
    } else if (token.IsWord("half") || token.IsWord("halbe") || token.IsWord("demi")) {
      size_t unit = at_ + 1;
      if (At(unit).IsWord("a") || At(unit).IsWord("of")) ++unit;
      if (At(unit).IsWord("a")) ++unit;
      if (!IsTimeUnit(At(unit).stem)) return false;
      value = 0.5;
      end = unit;
    } else if (token.IsWord("a") || token.IsWord("an") || token.IsWord("une") || token.IsWord("eine") ||
               token.IsWord("einer") || token.IsWord("un")) {
      if (At(at_ + 1).IsWord("hundred") || At(at_ + 1).IsWord("thousand")) {
        value = 1;
      } else if (At(at_ + 1).IsWord("couple") || At(at_ + 1).IsWord("dozen")) {
        size_t spelled = at_ + 1;
        value = Spelled(&spelled);
        end = spelled - 1;
      } else if (IsTimeUnit(At(at_ + 1).stem) && At(at_ + 1).stem.size() > 2 && !At(at_ + 2).IsWord("half")) {
        value = 1;
        article = true;
      } else {
        return false;
      }
      ++end;
    } else {
      value = Spelled(&end);
    }
    if (!value) return false;
    if (At(end).IsWord("hundred") || At(end).IsWord("thousand")) {
      *value *= At(end).IsWord("hundred") ? 100 : 1000;
      ++end;
      size_t rest = At(end).IsWord("and") ? end + 1 : end;
      if (const auto more = Spelled(&rest)) {
        *value += *more;
        end = rest;
      }
    }
    if (At(end).IsWord("and") && At(end + 1).IsWord("a") && At(end + 2).IsWord("half")) {
      *value += 0.5;
      end += 3;
    }
    Unit unit = Unit::kNone;
    const size_t number_end = end;
    end = ReadUnit(end, &unit, &*value);
    // `one` without a unit is as often a pronoun: which one, that one, the slow one.
    if (token.IsWord("one") && end == number_end && number_end == at_ + 1 && unit == Unit::kNone) return false;
    if (article && At(end).IsWord("and") && At(end + 1).IsWord("a") && At(end + 2).IsWord("half")) {
      *value *= 1.5;
      end += 3;
    }
    Put(Kind::kNumber, end, *value, unit);
    return true;
  }

  size_t ReadUnit(size_t at, Unit* unit, double* value) const {
    const Token& token = At(at);
    if (token.IsSymbol("%") || token.IsWord("percent") || token.IsWord("prozent")) {
      *unit = Unit::kPercent;
      return at + 1;
    }
    if (token.IsWord("per") && At(at + 1).IsWord("cent")) {
      *unit = Unit::kPercent;
      return at + 2;
    }
    if (token.kind != Kind::kWord) return at;
    if (IsTimeUnit(token.stem)) {
      *unit = Unit::kMilliseconds;
      *value *= MillisecondsIn(token.stem);
      return at + 1;
    }
    size_t noun = at;
    Unit tokens = Unit::kOutputTokens;
    if (token.IsWord("input") || token.IsWord("prompt")) {
      tokens = Unit::kInputTokens;
      ++noun;
    } else if (token.IsWord("total")) {
      tokens = Unit::kTotalTokens;
      ++noun;
    } else if (token.IsWord("output") || token.IsWord("completion") || token.IsWord("response") ||
               token.IsWord("generated")) {
      ++noun;
    }
    if (At(noun).IsWord("token") || At(noun).IsWord("tok") || At(noun).IsWord("tokken") || At(noun).IsWord("toekn") ||
        At(noun).IsWord("jeton")) {
      if (At(noun + 1).IsWord("per") && (At(noun + 2).IsWord("second") || At(noun + 2).IsWord("sec"))) {
        *unit = Unit::kTokensPerSecond;
        return noun + 3;
      }
      if (At(noun + 1).IsWord("s")) {
        *unit = Unit::kTokensPerSecond;
        return noun + 2;
      }
      *unit = tokens;
      return noun + 1;
    }
    if (token.IsWord("tps")) {
      *unit = Unit::kTokensPerSecond;
      return at + 1;
    }
    if (token.IsWord("word") || token.IsWord("worter") || token.IsWord("mot") || token.IsWord("palabra") ||
        token.IsWord("wort")) {
      *unit = Unit::kWords;
      return at + 1;
    }
    if (token.IsWord("character") || token.IsWord("char") || token.IsWord("letter") || token.IsWord("zeichen") ||
        token.IsWord("caractere")) {
      *unit = Unit::kCharacters;
      return at + 1;
    }
    if (token.IsWord("attempt") || token.IsWord("try") || token.IsWord("retry")) {
      *unit = Unit::kAttempts;
      return at + 1;
    }
    return at;
  }

  std::vector<Token> tokens_;
  std::vector<Token> joined_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Token> JoinQuantities(std::vector<Token> tokens) { return Joiner(std::move(tokens)).Join(); }

}  // namespace ftl::analytics
