#include "services/analytics/planner/reading.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <absl/strings/str_split.h>

#include "services/analytics/planner/quantity.h"
#include "services/analytics/planner/spelling.h"

namespace ftl::analytics {
namespace {

pb::Filter TextFilter(pb::FilterField field, pb::Comparison comparison, std::string_view text) {
  pb::Filter filter;
  filter.set_field(field);
  filter.set_comparison(comparison);
  filter.set_text(std::string(text));
  return filter;
}

pb::Filter NumberFilter(pb::FilterField field, pb::Comparison comparison, double number) {
  pb::Filter filter;
  filter.set_field(field);
  filter.set_comparison(comparison);
  filter.set_number(number);
  return filter;
}

std::vector<std::string> WordsOf(std::string_view category) {
  std::vector<std::string> words;
  for (const Token& token : Tokenise(category)) words.push_back(token.stem);
  return words;
}

bool IsNounStem(const Token& token) {
  static const auto& nouns =
      *new std::set<std::string>{"prompt", "question", "request", "response", "answer", "category",  "test",
                                 "case",   "one",      "ticket",  "item",     "task",   "query",     "reply",
                                 "call",   "topic",    "message", "frage",    "fragen", "antworten", "prompts"};
  return token.kind == Token::Kind::kWord && (nouns.count(token.stem) > 0 || nouns.count(token.text) > 0);
}

// In billing; for billing; billing and returns.
bool IsScopeWord(const Token& token) {
  static const auto& words = *new std::set<std::string>{"in", "for",    "of", "within", "and",  "v",
                                                        "vs", "versus", "to", "with",   "than", "about"};
  return token.kind == Token::Kind::kWord && words.count(token.text) > 0;
}

// Makes one token of each category that is named. A category that is also a word of the language counts only beside a
// noun.
std::vector<Token> JoinCategories(std::vector<Token> tokens, const Vocabulary& vocabulary) {
  static const auto& known = *new std::set<std::string>(KnownWords().begin(), KnownWords().end());
  for (const std::string& category : vocabulary.categories) {
    const std::vector<std::string> words = WordsOf(category);
    if (words.empty()) continue;
    for (size_t at = 0; at + words.size() <= tokens.size(); ++at) {
      bool same = true;
      for (size_t i = 0; i < words.size() && same; ++i) same = tokens[at + i].IsWord(words[i]);
      if (!same) continue;
      const size_t end = at + words.size();
      const bool beside_noun =
          (end < tokens.size() && IsNounStem(tokens[end])) || (at > 0 && tokens[at - 1].IsWord("category")) ||
          (at > 0 && IsScopeWord(tokens[at - 1]) && (end >= tokens.size() || tokens[end].kind == Token::Kind::kStop));
      if (words.size() == 1 && known.count(words[0]) > 0 && !beside_noun) continue;
      Token token;
      token.kind = Token::Kind::kCategory;
      token.raw = token.text = category;
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.begin() + static_cast<std::ptrdiff_t>(end));
      tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(at), std::move(token));
    }
  }
  return tokens;
}

std::optional<pb::FilterField> FieldOf(pb::Measure measure) {
  switch (measure) {
    case pb::MEASURE_LATENCY:
      return pb::FILTER_FIELD_LATENCY;
    case pb::MEASURE_TTFT:
      return pb::FILTER_FIELD_TTFT;
    case pb::MEASURE_INPUT_TOKENS:
      return pb::FILTER_FIELD_INPUT_TOKENS;
    case pb::MEASURE_OUTPUT_TOKENS:
      return pb::FILTER_FIELD_OUTPUT_TOKENS;
    case pb::MEASURE_TOTAL_TOKENS:
      return pb::FILTER_FIELD_TOTAL_TOKENS;
    case pb::MEASURE_RESPONSE_CHARACTERS:
    case pb::MEASURE_RESPONSE_LENGTH:
      return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
    case pb::MEASURE_RESPONSE_WORDS:
      return pb::FILTER_FIELD_RESPONSE_WORDS;
    case pb::MEASURE_TOKENS_PER_SECOND:
      return pb::FILTER_FIELD_TOKENS_PER_SECOND;
    case pb::MEASURE_ATTEMPTS:
      return pb::FILTER_FIELD_ATTEMPTS;
    default:
      return std::nullopt;
  }
}

class QuestionReader {
 public:
  QuestionReader(std::string_view question, const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    std::vector<Token> tokens = Tokenise(question);
    std::vector<std::string> more;
    for (const std::string& category : vocabulary.categories) {
      for (std::string& word : WordsOf(category)) more.push_back(std::move(word));
    }
    CorrectSpelling(tokens, more);
    for (const Token& token : tokens) words_.insert(token.text);
    terms_ = ReadTerms(JoinQuantities(JoinCategories(std::move(tokens), vocabulary)));
    used_.resize(terms_.size());
  }

  Reading Read() && {
    ReadBeginning();
    ReadMentions();
    ReadNumberedPrompts();
    ReadComparisons();
    ReadRelative();
    ReadFilters();
    ReadRest();
    ReadUnknown();
    ReadLimit();
    return std::move(reading_);
  }

 private:
  const Term& At(size_t i) const {
    static const Term& nothing = *new Term{.meaning = Concept::kStop};
    return i < terms_.size() ? terms_[i] : nothing;
  }
  bool Is(size_t i, Concept meaning) const { return i < terms_.size() && !used_[i] && terms_[i].meaning == meaning; }
  bool IsNoun(size_t i) const { return Is(i, Concept::kPrompt) || Is(i, Concept::kResponse) || Is(i, Concept::kCall); }
  void Use(size_t from, size_t to) {
    for (size_t i = from; i < to && i < used_.size(); ++i) used_[i] = true;
  }
  // The next term after `i` that says something by itself.
  size_t NextTelling(size_t i) const {
    while (i < terms_.size() && At(i).meaning == Concept::kNothing) ++i;
    return i;
  }

  void ReadBeginning() {
    size_t i = 0;
    while (i < terms_.size() && (At(i).meaning == Concept::kHelp || At(i).meaning == Concept::kStop))
      ++i;  // ok, thanks,
    if (i >= terms_.size()) return;
    const Concept first = At(i).meaning;
    reading_.follows = first == Concept::kAnd || first == Concept::kFollowUp || first == Concept::kOnly;
  }

  bool EndsMention(size_t i) const {
    const Term& term = At(i);
    switch (term.meaning) {
      case Concept::kStop:
      case Concept::kCompare:
      case Concept::kBetween:
      case Concept::kTaking:
      case Concept::kBy:
      case Concept::kMention:
      case Concept::kNot:
      case Concept::kAnd:
        return true;
      case Concept::kFilter:
        return term.value != pb::FILTER_FIELD_CATEGORY;
      case Concept::kIn:
        return term.raw != "of";
      default:
        return term.raw == "or";
    }
  }

  // Responses that mention X; prompts about X; search for X.
  void ReadMentions() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      const bool mention = Is(i, Concept::kMention);
      const bool search = Is(i, Concept::kSearch);
      const bool about = Is(i, Concept::kAbout) && i > 0 &&
                         (At(i - 1).meaning == Concept::kPrompt || At(i - 1).meaning == Concept::kResponse ||
                          At(i - 1).meaning == Concept::kCall);
      if (!mention && !search && !about) continue;
      size_t from = i + 1;
      while (At(from).meaning == Concept::kWordNoun || At(from).meaning == Concept::kSearch ||
             At(from).meaning == Concept::kAbout || (At(from).meaning == Concept::kIn && At(from).raw != "in") ||
             (At(from).meaning == Concept::kMeasure && At(from).value == pb::MEASURE_RESPONSE_WORDS) ||
             (At(from).meaning == Concept::kNothing && At(from).raw.size() <= 3) || At(from).raw == "anything" ||
             (search && IsNoun(from)) || (search && At(from).meaning == Concept::kMention)) {
        ++from;
      }
      const Concept next = At(from).meaning;
      if (from >= terms_.size() || next == Concept::kStop) continue;
      // "Contain the most tokens", "include fewer than 50 words" speak of numbers.
      const bool counted = next == Concept::kMost || next == Concept::kRanking || next == Concept::kTokens ||
                           next == Concept::kCompare || (next == Concept::kQuantity && At(from).unit != Unit::kNone) ||
                           next == Concept::kBetween || next == Concept::kMeasure;
      if (counted && !search) continue;
      if (next == Concept::kFilter && (At(i).raw.starts_with("includ") || At(from).value == pb::FILTER_FIELD_ASKS_BACK))
        continue;
      if (mention && next == Concept::kPrompt && At(from).raw == "question" && EndsMention(from + 1)) {
        reading_.filters.push_back(TextFilter(pb::FILTER_FIELD_ASKS_BACK, pb::COMPARISON_EQUAL, "true"));
        Use(i, from + 1);
        continue;
      }
      std::string text;
      size_t end = from;
      if (next == Concept::kQuoted) {
        text = At(from).text;
        end = from + 1;
      } else {
        do {
          text += (text.empty() ? "" : " ") + At(end).raw;
          ++end;
        } while (end < terms_.size() && !EndsMention(end) && end - from < 6);
      }
      const bool negated = i > 0 && NegatedAt(i);
      pb::FilterField field = search ? pb::FILTER_FIELD_ANY_TEXT : pb::FILTER_FIELD_RESPONSE_TEXT;
      for (size_t before = i; before-- > 0;) {
        if (At(before).meaning == Concept::kResponse) {
          field = pb::FILTER_FIELD_RESPONSE_TEXT;
          break;
        }
        if (At(before).meaning == Concept::kPrompt) {
          field = pb::FILTER_FIELD_PROMPT_TEXT;
          break;
        }
      }
      reading_.filters.push_back(
          TextFilter(field, negated ? pb::COMPARISON_NOT_CONTAINS : pb::COMPARISON_CONTAINS, text));
      Use(i, AddMentions(end, reading_.filters.back()));
    }
  }

  // A, B and C: each of them; A or B: any of them. Gives where that ends.
  size_t AddMentions(size_t end, const pb::Filter& first) {
    bool either = false;
    auto goes_on = [&](size_t at) {
      const Term& term = At(at);
      if (either && term.meaning == Concept::kNothing && term.raw != "or") return true;
      return term.meaning == Concept::kUnknown || term.meaning == Concept::kQuoted ||
             (term.meaning == Concept::kFilter && term.value == pb::FILTER_FIELD_CATEGORY);
    };
    pb::Filter filter = first;
    for (;;) {
      either = At(end).raw == "or";
      const bool both = At(end).raw == "and";
      if ((!either && !both) || !goes_on(end + 1)) return end;
      auto words = [&](size_t at) { return At(at).text.empty() ? At(at).raw : At(at).text; };
      std::string text = words(++end);
      while (goes_on(++end)) text += " " + words(end);
      if (either) {
        pb::Filter& alternatives = reading_.filters.back();
        if (alternatives.texts().empty()) {
          alternatives.add_texts(alternatives.text());
          alternatives.clear_text();
        }
        alternatives.add_texts(text);
      } else {
        filter.set_text(text);
        reading_.filters.push_back(filter);
      }
    }
  }

  // Whether a `not` stands shortly before `i`; it is used up.
  bool NegatedAt(size_t i) {
    for (size_t back = 1; back <= 3 && back <= i; ++back) {
      const size_t at = i - back;
      if (Is(at, Concept::kNot)) {
        Use(at, at + 1);
        return true;
      }
      if (At(at).meaning != Concept::kNothing && At(at).meaning != Concept::kIn && At(at).meaning != Concept::kCall)
        return false;
    }
    return false;
  }

  bool IsPlainNumber(size_t i) const {
    return Is(i, Concept::kQuantity) && At(i).unit == Unit::kNone && At(i).number >= 0 &&
           At(i).number == std::floor(At(i).number);
  }

  // Prompt 7; prompts 3, 5 and 7; prompts 2 to 6; #7. Run 2.
  void ReadNumberedPrompts() {
    std::vector<double> numbers;
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (Is(i, Concept::kRunNoun) && IsPlainNumber(i + 1)) {
        reading_.filters.push_back(NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, At(i + 1).number));
        Use(i, i + 2);
        continue;
      }
      size_t at = i;
      if (Is(i, Concept::kPromptNumber)) {
        numbers.push_back(At(i).number);
        at = i + 1;
      } else if (IsNoun(i)) {
        at = i + 1;
        while (At(at).raw == "number" || At(at).raw == "no" || At(at).raw == "nr" || At(at).raw == "num" ||
               (At(at).raw == "." && At(at - 1).raw.size() <= 3))
          ++at;
        if (!IsPlainNumber(at)) continue;
        numbers.push_back(At(at).number);
        ++at;
      } else {
        continue;
      }
      for (;;) {
        const Term& joint = At(at);
        const bool range = joint.raw == "to" || joint.raw == "-" || joint.raw == "through";
        const bool and_more = joint.meaning == Concept::kAnd || (joint.meaning == Concept::kStop && joint.text == ",");
        size_t next = at + 1;
        if (and_more && At(next).meaning == Concept::kAnd) ++next;
        if (and_more && IsNoun(next)) ++next;
        if ((!range && !and_more) || !(IsPlainNumber(next) || Is(next, Concept::kPromptNumber))) break;
        if (range) {
          for (double number = numbers.back() + 1; number < At(next).number && numbers.size() < 1000; ++number) {
            numbers.push_back(number);
          }
        }
        numbers.push_back(At(next).number);
        at = next + 1;
      }
      reading_.says_prompt = true;
      Use(i, at);
    }
    if (numbers.empty()) return;
    pb::Filter filter = NumberFilter(pb::FILTER_FIELD_PROMPT_ID, pb::COMPARISON_EQUAL, numbers.front());
    if (numbers.size() > 1) {
      filter.clear_number();
      filter.set_comparison(pb::COMPARISON_IN);
      for (const double number : numbers) filter.add_numbers(number);
    }
    reading_.filters.push_back(std::move(filter));
  }

  // What a number at `i` is compared with: by its unit, else by the measure that stands nearest.
  std::optional<pb::Filter> Compared(size_t i, pb::Comparison comparison) {
    const Term& quantity = At(i);
    double number = quantity.number;
    pb::FilterField field = pb::FILTER_FIELD_UNSPECIFIED;
    const std::optional<pb::Measure> nearest = NearestMeasure(i);
    switch (quantity.unit) {
      case Unit::kMilliseconds:
        field = nearest == pb::MEASURE_TTFT ? pb::FILTER_FIELD_TTFT : pb::FILTER_FIELD_LATENCY;
        break;
      case Unit::kOutputTokens:
        field = nearest == pb::MEASURE_INPUT_TOKENS   ? pb::FILTER_FIELD_INPUT_TOKENS
                : nearest == pb::MEASURE_TOTAL_TOKENS ? pb::FILTER_FIELD_TOTAL_TOKENS
                                                      : pb::FILTER_FIELD_OUTPUT_TOKENS;
        break;
      case Unit::kInputTokens:
        field = pb::FILTER_FIELD_INPUT_TOKENS;
        break;
      case Unit::kTotalTokens:
        field = pb::FILTER_FIELD_TOTAL_TOKENS;
        break;
      case Unit::kWords:
        field = pb::FILTER_FIELD_RESPONSE_WORDS;
        break;
      case Unit::kCharacters:
        field = pb::FILTER_FIELD_RESPONSE_CHARACTERS;
        break;
      case Unit::kTokensPerSecond:
        field = pb::FILTER_FIELD_TOKENS_PER_SECOND;
        break;
      case Unit::kAttempts:
        field = pb::FILTER_FIELD_ATTEMPTS;
        break;
      case Unit::kPercent:
        return std::nullopt;
      case Unit::kNone: {
        if (!nearest) {
          if (!Near(i, Concept::kTokens)) return std::nullopt;
          field = pb::FILTER_FIELD_OUTPUT_TOKENS;
          break;
        }
        const auto known = FieldOf(*nearest);
        if (!known) return std::nullopt;
        field = *known;
        // Nobody waits for a model 2 ms: such a number is in seconds.
        const bool time = field == pb::FILTER_FIELD_LATENCY || field == pb::FILTER_FIELD_TTFT;
        if (time && number <= 60) number *= 1000;
        break;
      }
    }
    return NumberFilter(field, comparison, number);
  }

  bool Near(size_t i, Concept meaning) const {
    for (size_t j = i > 5 ? i - 5 : 0; j < terms_.size() && j <= i + 3; ++j) {
      if (At(j).meaning == meaning) return true;
    }
    return false;
  }

  std::optional<pb::Measure> NearestMeasure(size_t i) const {
    for (size_t back = 1; back <= 5 && back <= i; ++back) {
      if (At(i - back).meaning == Concept::kMeasure) return static_cast<pb::Measure>(At(i - back).value);
      if (At(i - back).meaning == Concept::kTaking) return pb::MEASURE_LATENCY;
    }
    for (size_t j = i + 1; j <= i + 3; ++j) {
      if (At(j).meaning == Concept::kMeasure) return static_cast<pb::Measure>(At(j).value);
    }
    return std::nullopt;
  }

  // Marks the word for the measure beside a compared number as said by the comparison.
  void UseMeasureOf(size_t i, const pb::Filter& filter) {
    for (size_t back = 1; back <= 5 && back <= i; ++back) {
      const size_t at = i - back;
      if (Is(at, Concept::kMeasure) && FieldOf(static_cast<pb::Measure>(At(at).value)) == filter.field()) {
        // "The average latency of those over 2 s" asks for latency; "with latency over 2 s" only compares it.
        const bool asked =
            at > 0 && (At(at - 1).meaning == Concept::kStatistic || At(at - 1).meaning == Concept::kPercentile);
        if (!asked && back <= 3) Use(at, at + 1);
        return;
      }
      if (At(at).meaning == Concept::kStatistic || At(at).meaning == Concept::kPrompt ||
          At(at).meaning == Concept::kResponse)
        return;
    }
  }

  void ReadComparisons() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (!Is(i, Concept::kQuantity)) continue;
      // Between 1 and 2 s; from 1 to 2 s; 1-2 s.
      const bool joined = At(i + 1).meaning == Concept::kAnd || At(i + 1).raw == "to" || At(i + 1).raw == "-" ||
                          At(i + 1).raw == "a" || At(i + 1).raw == "bis";
      const bool between = i > 0 && Is(i - 1, Concept::kBetween);
      if (joined && Is(i + 2, Concept::kQuantity) &&
          (between || At(i + 1).raw == "to" || At(i + 1).raw == "-" || At(i + 1).raw == "bis") &&
          (At(i + 2).unit != Unit::kNone || NearestMeasure(i))) {
        std::optional<pb::Filter> filter = Compared(i + 2, pb::COMPARISON_BETWEEN);
        if (filter && At(i + 2).unit == Unit::kNone) filter->set_field(Compared(i, pb::COMPARISON_EQUAL)->field());
        if (filter) {
          double from = At(i).number;
          // The unit at the end is that of both: 1 to 2 s.
          if (At(i).unit == Unit::kNone && At(i + 2).number > 0) {
            const double scale = RawScale(At(i + 2));
            from *= scale;
            if (At(i + 2).unit == Unit::kNone) from = At(i).number * (filter->number() / At(i + 2).number);
          }
          filter->set_number_to(filter->number());
          filter->set_number(from);
          UseMeasureOf(i, *filter);
          reading_.filters.push_back(*std::move(filter));
          Use(between ? i - 1 : i, i + 3);
        }
        continue;
      }
      std::optional<pb::Comparison> comparison;
      size_t from = i;
      for (size_t back = 1; back <= 3 && back <= i; ++back) {
        if (Is(i - back, Concept::kCompare)) {
          comparison = static_cast<pb::Comparison>(At(i - back).value);
          from = i - back;
          if (from > 0 && NegatedAt(from)) comparison = Opposite(*comparison);
          break;
        }
        if (At(i - back).meaning != Concept::kNothing && At(i - back).meaning != Concept::kIn) break;
      }
      size_t end = i + 1;
      if (Is(i + 1, Concept::kOrMore)) {
        comparison = static_cast<pb::Comparison>(At(i + 1).value);
        end = i + 2;
      }
      if (!comparison) continue;
      std::optional<pb::Filter> filter = Compared(i, *comparison);
      if (!filter) continue;
      UseMeasureOf(from, *filter);
      reading_.filters.push_back(*std::move(filter));
      Use(from, end);
    }
  }

  // Slower than the average; above the 95th percentile.
  void ReadRelative() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (!Is(i, Concept::kCompare)) continue;
      size_t at = NextTelling(i + 1);
      const bool statistic =
          Is(at, Concept::kStatistic) && (At(at).value == pb::STATISTIC_MEAN || At(at).value == pb::STATISTIC_MEDIAN);
      if (!statistic && !Is(at, Concept::kPercentile)) continue;
      const std::string& raw = At(i).raw;
      const bool time = raw.starts_with("slow") || raw.starts_with("fast") || raw.starts_with("quick");
      size_t end = at + 1;
      std::optional<pb::Measure> measure;
      if (Is(NextTelling(end), Concept::kMeasure)) {
        measure = static_cast<pb::Measure>(At(NextTelling(end)).value);
        end = NextTelling(end) + 1;
      } else if (!time) {
        measure = NearestMeasure(i);
        const bool length =
            i > 0 && At(i - 1).meaning == Concept::kResponse && (raw.starts_with("long") || raw.starts_with("short"));
        if (length) measure = pb::MEASURE_RESPONSE_CHARACTERS;
      }
      const auto field = FieldOf(measure.value_or(pb::MEASURE_LATENCY));
      if (!field) continue;
      pb::Filter filter;
      filter.set_field(*field);
      const bool less = raw.starts_with("fast") || raw.starts_with("quick");
      filter.set_comparison(less ? pb::COMPARISON_LESS : static_cast<pb::Comparison>(At(i).value));
      filter.set_than(statistic ? static_cast<pb::Statistic>(At(at).value) : pb::STATISTIC_PERCENTILE);
      if (!statistic) filter.set_number(At(at).number);
      reading_.filters.push_back(std::move(filter));
      Use(i, end);
    }
  }

  bool SpeaksOfTime() const {
    return std::any_of(terms_.begin(), terms_.end(), [](const Term& term) {
      return term.meaning == Concept::kMeasure && (term.value == pb::MEASURE_LATENCY || term.value == pb::MEASURE_TTFT);
    });
  }

  static double RawScale(const Term& quantity) {
    if (quantity.unit != Unit::kMilliseconds) return 1;
    const std::string& raw = quantity.raw;
    if (raw.find("ms") != std::string::npos || raw.find("mil") != std::string::npos) return 1;
    return raw.find("min") != std::string::npos ? 60'000 : 1000;
  }

  static pb::Comparison Opposite(pb::Comparison comparison) {
    switch (comparison) {
      case pb::COMPARISON_LESS:
        return pb::COMPARISON_GREATER_OR_EQUAL;
      case pb::COMPARISON_GREATER:
        return pb::COMPARISON_LESS_OR_EQUAL;
      case pb::COMPARISON_LESS_OR_EQUAL:
        return pb::COMPARISON_GREATER;
      case pb::COMPARISON_GREATER_OR_EQUAL:
        return pb::COMPARISON_LESS;
      default:
        return pb::COMPARISON_NOT_EQUAL;
    }
  }

  void ReadFilters() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (!Is(i, Concept::kFilter)) continue;
      const Term& term = At(i);
      const auto field = static_cast<pb::FilterField>(term.value);
      Use(i, i + 1);
      const bool negated = NegatedAt(i);
      if (field == pb::FILTER_FIELD_HALF) {
        reading_.filters.push_back(NumberFilter(field, pb::COMPARISON_EQUAL, term.number));
      } else if (field == pb::FILTER_FIELD_RESPONSE_CHARACTERS) {
        reading_.filters.push_back(
            NumberFilter(field, negated ? pb::COMPARISON_GREATER : pb::COMPARISON_LESS_OR_EQUAL, 0));
      } else if (field == pb::FILTER_FIELD_ATTEMPTS) {
        reading_.filters.push_back(NumberFilter(field, negated ? pb::COMPARISON_EQUAL : pb::COMPARISON_GREATER, 1));
      } else if (negated && (term.text == "true" || term.text == "false")) {
        reading_.filters.push_back(TextFilter(field, pb::COMPARISON_EQUAL, term.text == "true" ? "false" : "true"));
      } else {
        reading_.filters.push_back(
            TextFilter(field, negated ? pb::COMPARISON_NOT_EQUAL : pb::COMPARISON_EQUAL, term.text));
      }
    }
  }

  pb::Figure& NewFigure() { return reading_.figures.emplace_back(); }

  // A statistic goes with the measure after it, or with the one before where none follows: mean and p95 latency;
  // latency p95.
  void AddStatistic(pb::Statistic statistic, std::optional<double> percentile) {
    pb::Figure& figure = NewFigure();
    figure.set_statistic(statistic);
    if (percentile) figure.set_percentile(*percentile);
    const bool after_measure = last_measure_ && !open_since_;
    if (after_measure) figure.set_measure(*last_measure_);
    if (after_measure && reading_.figures.size() > 1) {
      pb::Figure& before = reading_.figures[reading_.figures.size() - 2];
      if (before.statistic() == pb::STATISTIC_UNSPECIFIED && before.measure() == *last_measure_) {
        before = figure;
        reading_.figures.pop_back();
      }
    }
  }

  void AddMeasure(pb::Measure measure) {
    bool given = false;
    for (pb::Figure& figure : reading_.figures) {
      if (figure.measure() == pb::MEASURE_UNSPECIFIED) {
        figure.set_measure(measure);
        given = true;
      }
    }
    if (!given) {
      // "Mean latency and ttft": what is made of one is made of the next.
      pb::Figure figure;
      figure.set_measure(measure);
      if (!reading_.figures.empty() && last_measure_ != measure) {
        figure.set_statistic(reading_.figures.back().statistic());
        if (reading_.figures.back().has_percentile()) figure.set_percentile(reading_.figures.back().percentile());
      } else if (!reading_.figures.empty()) {
        return;
      }
      reading_.figures.push_back(figure);
    }
    last_measure_ = measure;
  }

  void ReadRest() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (used_[i]) continue;
      const Term& term = At(i);
      switch (term.meaning) {
        case Concept::kMeasure:
          AddMeasure(static_cast<pb::Measure>(term.value));
          break;
        case Concept::kTokens:
          reading_.tokens = true;
          break;
        case Concept::kStatistic:
          AddStatistic(static_cast<pb::Statistic>(term.value), std::nullopt);
          break;
        case Concept::kPercentile:
          AddStatistic(pb::STATISTIC_PERCENTILE, term.number);
          break;
        case Concept::kRanking:
          reading_.both_ends = reading_.ranked_by && static_cast<int>(term.number) == -reading_.direction;
          reading_.ranked_by = static_cast<pb::Measure>(term.value);
          reading_.direction = static_cast<int>(term.number);
          ReadOrdinalBefore(i);
          if (EndsInNoun(term)) nouns_.push_back(term);
          break;
        case Concept::kQuantity:
          // What latency do 95 % of the calls stay under.
          if (term.unit == Unit::kPercent && !reading_.shares && SpeaksOfTime())
            AddStatistic(pb::STATISTIC_PERCENTILE, term.number);
          break;
        case Concept::kCommon:
          reading_.common = true;
          break;
        case Concept::kCompare:
          // Slower than the first half: groups beside each other.
          if (term.raw.ends_with("than")) reading_.compares = true;
          break;
        case Concept::kMost:
          if (reading_.direction == 0) reading_.direction = static_cast<int>(term.number);
          break;
        case Concept::kGrouping:
          if (NamesValue(i)) break;  // in category billing
          reading_.group_by = static_cast<pb::Grouping>(term.value);
          break;
        case Concept::kBy:
          reading_.by_each = reading_.by_each || term.raw != "by" || IsNoun(i + 1) || Is(i + 1, Concept::kGrouping) ||
                             Is(i + 1, Concept::kRunNoun);
          if (At(i + 1).raw == "type" || At(i + 1).raw == "types" || At(i + 1).raw == "kind") reading_.by_type = true;
          break;
        case Concept::kCount:
          reading_.counts = true;
          break;
        case Concept::kShare:
          reading_.shares = true;
          break;
        case Concept::kList:
          reading_.lists = true;
          break;
        case Concept::kHowLong:
          how_long_ = true;
          break;
        case Concept::kTaking:
          taking_ = true;
          break;
        case Concept::kPrompt:
          reading_.says_prompt = true;
          nouns_.push_back(term);
          break;
        case Concept::kResponse:
          reading_.says_response = true;
          nouns_.push_back(term);
          break;
        case Concept::kCall:
          reading_.says_call = true;
          nouns_.push_back(term);
          break;
        case Concept::kSummary:
          reading_.summary = true;
          break;
        case Concept::kChart:
          reading_.chart = true;
          break;
        case Concept::kTable:
          reading_.table = true;
          break;
        case Concept::kExport:
          reading_.exports = true;
          break;
        case Concept::kFormat:
          reading_.format = term.text;
          break;
        case Concept::kReport:
          if (!reading_.format) reading_.format = "pdf";
          break;
        case Concept::kAllRuns:
          reading_.all_runs = true;
          break;
        case Concept::kRun:
          if (term.number != 0) {
            reading_.filters.push_back(NumberFilter(pb::FILTER_FIELD_RUN, pb::COMPARISON_EQUAL, term.number));
          }
          break;
        case Concept::kRunNoun:
          if (reading_.by_each && i > 0 &&
              (At(i - 1).meaning == Concept::kBy || At(i - 1).meaning == Concept::kNothing)) {
            reading_.group_by = pb::GROUPING_RUN;
          } else {
            run_noun_ = true;
          }
          break;
        case Concept::kCompareWord:
          reading_.compares = true;
          break;
        case Concept::kOverTime:
          reading_.over_time = true;
          break;
        case Concept::kWhy:
          reading_.why = true;
          break;
        case Concept::kMore:
          reading_.more = true;
          break;
        case Concept::kOnly:
          reading_.only = true;
          break;
        case Concept::kThose:
          reading_.refers = true;
          break;
        case Concept::kRefusal:
          if (!reading_.refusal) reading_.refusal = static_cast<Topic>(term.value);
          break;
        case Concept::kHelp:
          reading_.help = true;
          break;
        case Concept::kQuoted:
          // Something quoted without a word for it: what answers hold.
          reading_.filters.push_back(TextFilter(pb::FILTER_FIELD_ANY_TEXT, pb::COMPARISON_CONTAINS, term.text));
          break;
        case Concept::kNothing:
          if (term.raw == "types" || term.raw == "kinds") reading_.by_type = true;
          break;
        default:
          break;
      }
      // A joining word after a measure begins a new figure: latency and total tokens.
      if (term.meaning == Concept::kAnd || (term.meaning == Concept::kStop && term.text == ",")) {
        open_since_ = true;
      } else if (term.meaning == Concept::kMeasure) {
        open_since_ = false;
      }
    }
    if (how_long_ && !reading_.HasMeasure()) {
      AddMeasure(reading_.says_response && !taking_ ? pb::MEASURE_RESPONSE_LENGTH : pb::MEASURE_LATENCY);
    }
    // Statistics that no measure followed go with the one before: latency: mean, median and p95.
    for (pb::Figure& figure : reading_.figures) {
      if (figure.measure() == pb::MEASURE_UNSPECIFIED && last_measure_ && !reading_.tokens)
        figure.set_measure(*last_measure_);
    }
    if (run_noun_ && reading_.compares) reading_.group_by = pb::GROUPING_RUN;
  }

  static bool EndsInNoun(const Term& ranking) {
    const size_t space = ranking.raw.rfind(' ');
    if (space == std::string::npos) return false;
    Token last;
    last.text = ranking.raw.substr(space + 1);
    last.stem = Stem(last.text);
    return IsNounStem(last);
  }

  // Whether the grouping word at `i` only introduces one of its values: category billing, difficulty hard.
  bool NamesValue(size_t i) const {
    auto is_value = [&](size_t at) {
      return At(at).meaning == Concept::kFilter &&
             (At(at).value == pb::FILTER_FIELD_CATEGORY || At(at).value == pb::FILTER_FIELD_DIFFICULTY);
    };
    return !At(i).plural && (is_value(i + 1) || (i > 0 && is_value(i - 1)));
  }

  // The third slowest.
  void ReadOrdinalBefore(size_t i) {
    if (i == 0) return;
    const std::string& raw = At(i - 1).raw;
    for (const auto& [word, rank] :
         {std::pair{"second", 2}, std::pair{"third", 3}, std::pair{"fourth", 4}, std::pair{"fifth", 5}}) {
      if (raw == word) reading_.limit = rank;
    }
  }

  // Words that mean nothing here: before a noun they may be a part of a category's name, or be what its prompts are
  // about.
  void ReadUnknown() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (used_[i] || At(i).meaning != Concept::kUnknown) continue;
      const std::string word = At(i).text;
      if (word.size() < 2) continue;
      std::vector<std::string> categories;
      for (const std::string& category : vocabulary_.categories) {
        const std::vector<std::string> words = WordsOf(category);
        if (std::find(words.begin(), words.end(), Stem(word)) != words.end()) categories.push_back(category);
      }
      const bool before_noun = At(i + 1).meaning == Concept::kPrompt || At(i + 1).meaning == Concept::kResponse ||
                               At(i + 1).meaning == Concept::kCall;
      const std::vector<std::string> suite = WordsOf(vocabulary_.suite);
      if (!categories.empty() && before_noun) {
        for (const std::string& category : categories) {
          reading_.filters.push_back(TextFilter(pb::FILTER_FIELD_CATEGORY, pb::COMPARISON_EQUAL, category));
        }
      } else if (before_noun && std::find(suite.begin(), suite.end(), Stem(word)) != suite.end()) {
        continue;  // all prompts of the suite
      } else if (before_noun && At(i + 1).meaning != Concept::kResponse) {
        reading_.filters.push_back(TextFilter(pb::FILTER_FIELD_PROMPT_TEXT, pb::COMPARISON_CONTAINS, word));
      } else {
        reading_.left_out.push_back(At(i).raw);
      }
    }
  }

  // Top 5; the five slowest; show 3 responses. How many are meant where no number says so: one or several.
  void ReadLimit() {
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (!IsPlainNumber(i) || At(i).number < 1 || At(i).number > 1000) continue;
      const bool first = i > 0 && At(i - 1).raw == "first" && !reading_.ranked_by && reading_.direction == 0;
      if (first && IsNoun(i + 1)) {
        reading_.filters.push_back(
            NumberFilter(pb::FILTER_FIELD_PROMPT_ID, pb::COMPARISON_LESS_OR_EQUAL, At(i).number));
        continue;
      }
      reading_.limit = static_cast<int>(At(i).number);
    }
    const bool plural_verb =
        Has({"were", "are", "sind", "waren", "sont", "etaient", "son", "fueron", "sono", "foram", "sao", "ones"});
    const bool singular_verb =
        Has({"was", "is", "ist", "war", "est", "fue", "es", "foi", "has", "whats", "which one", "one"});
    const bool plural_noun = std::any_of(nouns_.begin(), nouns_.end(),
                                         [](const Term& noun) { return noun.plural || noun.raw.ends_with("en"); });
    reading_.all = Has({"all", "every", "everything", "alle", "todas", "todos", "tous", "toutes", "tutte", "tutti"});
    reading_.singular = !plural_verb && !plural_noun && (singular_verb || !nouns_.empty());
  }

  bool Has(std::initializer_list<std::string_view> words) const {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return words_.count(std::string(word)) > 0; });
  }

  const Vocabulary& vocabulary_;
  std::vector<Term> terms_;
  std::vector<bool> used_;
  std::set<std::string> words_;
  std::vector<Term> nouns_;
  std::optional<pb::Measure> last_measure_;
  bool open_since_ = false;
  bool how_long_ = false;
  bool taking_ = false;
  bool run_noun_ = false;
  Reading reading_;
};

}  // namespace

bool Reading::HasMeasure() const {
  return tokens || std::any_of(figures.begin(), figures.end(),
                               [](const pb::Figure& figure) { return figure.measure() != pb::MEASURE_UNSPECIFIED; });
}

bool Reading::IsWhole() const {
  return HasMeasure() || ranked_by || summary || exports || format || (counts && !filters.empty()) ||
         (shares && !filters.empty()) || (lists && !filters.empty()) || (lists && group_by != pb::GROUPING_UNSPECIFIED);
}

bool Reading::SaysNothing() const {
  return figures.empty() && !tokens && !ranked_by && direction == 0 && filters.empty() &&
         group_by == pb::GROUPING_UNSPECIFIED && !by_type && !counts && !shares && !lists && !summary && !chart &&
         !table && !exports && !format && !why && !over_time && !more && !compares && !limit;
}

Reading Read(std::string_view question, const Vocabulary& vocabulary) {
  return QuestionReader(question, vocabulary).Read();
}

}  // namespace ftl::analytics
