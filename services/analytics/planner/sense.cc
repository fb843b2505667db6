#include "services/analytics/planner/sense.h"

#include <array>
#include <utility>

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "common/proto/enum_word.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr std::array<std::pair<std::string_view, Unit>, 11> kUnits = {{{"", Unit::kNone},
                                                                       {"ms", Unit::kMilliseconds},
                                                                       {"tokens", Unit::kTokens},
                                                                       {"input_tokens", Unit::kInputTokens},
                                                                       {"output_tokens", Unit::kOutputTokens},
                                                                       {"total_tokens", Unit::kTotalTokens},
                                                                       {"words", Unit::kWords},
                                                                       {"characters", Unit::kCharacters},
                                                                       {"tokens_per_second", Unit::kTokensPerSecond},
                                                                       {"attempts", Unit::kAttempts},
                                                                       {"percent", Unit::kPercent}}};

// One word of a value; false where it is none that the symbol knows.
bool ReadWord(std::string_view symbol, const std::string& word, Sense& sense) {
  const auto number = [&] {
    double value = 0;
    if (!absl::SimpleAtod(word, &value)) return false;
    sense.number = value;
    return true;
  };
  if (word == "asc" || word == "desc") {
    sense.order = word == "asc" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
    return true;
  }
  if (word == "plural") return sense.plural = true;
  if (symbol == "cmp" || symbol == "orcmp" || symbol == "comparative") {
    if (const auto comparison = EnumOf<pb::Comparison>(word)) {
      sense.comparison = comparison;
      return true;
    }
  }
  if (symbol == "measure" || symbol == "rank" || symbol == "rankfirst" || symbol == "comparative" || symbol == "cmp" ||
      symbol == "took") {
    sense.measure = EnumOf<pb::Measure>(word);
    if (!sense.measure) sense.word = word;
    return sense.measure || word == "tokens" || word == "length";
  }
  if (symbol == "stat") {
    double percentile = 0;
    if (absl::SimpleAtod(word, &percentile)) {
      sense.statistic = pb::STATISTIC_PERCENTILE;
      sense.number = percentile;
      return true;
    }
    return (sense.statistic = EnumOf<pb::Statistic>(word)) != pb::STATISTIC_UNSPECIFIED;
  }
  if (symbol == "group") return (sense.grouping = EnumOf<pb::Grouping>(word)) != pb::GROUPING_UNSPECIFIED;
  if (symbol == "num" || symbol == "ord" || symbol == "mult" || symbol == "frac" || symbol == "runref" ||
      symbol == "nthref") {
    return number();
  }
  if (symbol == "run") return number();
  if (symbol == "sign") {
    sense.texts = {word};
    return true;
  }
  if (symbol == "unit") {
    for (const auto& [name, unit] : kUnits) {
      if (name == word) {
        sense.unit = unit;
        if (!sense.number) sense.number = 1;
        return true;
      }
    }
    return number();
  }
  sense.word = word;
  return true;
}

// `error_type=timeout`, `error_type!=timeout`, `attempts>1`, `response_characters<=0`.
absl::StatusOr<pb::Filter> ReadFilter(std::string_view text) {
  constexpr std::pair<std::string_view, pb::Comparison> kSigns[] = {
      {"!=", pb::COMPARISON_NOT_EQUAL}, {"<=", pb::COMPARISON_LESS_OR_EQUAL}, {">=", pb::COMPARISON_GREATER_OR_EQUAL},
      {"=", pb::COMPARISON_EQUAL},      {"<", pb::COMPARISON_LESS},           {">", pb::COMPARISON_GREATER}};
  for (const auto& [sign, comparison] : kSigns) {
    const size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    const auto field = EnumOf<pb::FilterField>(std::string(text.substr(0, at)));
    if (!field) break;
    const std::string value(text.substr(at + sign.size()));
    double number = 0;
    if (absl::SimpleAtod(value, &number)) return NumberFilter(field, comparison, number);
    return TextFilter(field, comparison, value);
  }
  return absl::InvalidArgumentError(absl::StrCat("no filter: ", std::string(text)));
}

}  // namespace

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

std::optional<pb::Filter> Negated(const pb::Filter& filter) {
  constexpr std::pair<pb::Comparison, pb::Comparison> kOpposites[] = {
      {pb::COMPARISON_EQUAL, pb::COMPARISON_NOT_EQUAL},
      {pb::COMPARISON_LESS, pb::COMPARISON_GREATER_OR_EQUAL},
      {pb::COMPARISON_GREATER, pb::COMPARISON_LESS_OR_EQUAL},
      {pb::COMPARISON_CONTAINS, pb::COMPARISON_NOT_CONTAINS},
      {pb::COMPARISON_STARTS_WITH, pb::COMPARISON_NOT_STARTS_WITH},
      {pb::COMPARISON_ENDS_WITH, pb::COMPARISON_NOT_ENDS_WITH},
      {pb::COMPARISON_IN, pb::COMPARISON_NOT_IN}};
  if (!filter.any_of().empty() || filter.field() == pb::FILTER_FIELD_RUN) return std::nullopt;
  pb::Filter negated = filter;
  if (filter.text() == "true" || filter.text() == "false") {
    negated.set_text(filter.text() == "true" ? "false" : "true");
    return negated;
  }
  for (const auto& [one, other] : kOpposites) {
    if (filter.comparison() != one && filter.comparison() != other) continue;
    negated.set_comparison(filter.comparison() == one ? other : one);
    return negated;
  }
  return std::nullopt;
}

absl::StatusOr<Sense> ReadSense(std::string_view symbol, std::string_view value) {
  Sense sense;
  if (value.empty()) return sense;
  if (symbol == "flt") {
    auto filter = ReadFilter(value);
    if (!filter.ok()) return filter.status();
    sense.filters.push_back(*std::move(filter));
    return sense;
  }
  for (const absl::string_view part : absl::StrSplit(absl::string_view(value.data(), value.size()), ',')) {
    if (!ReadWord(symbol, std::string(part), sense)) {
      return absl::InvalidArgumentError(absl::StrCat(std::string(symbol), " has no value ", part));
    }
  }
  return sense;
}

std::optional<pb::Order> OrderOfGoodness(pb::Measure measure, bool best_first) {
  if (!measure) return std::nullopt;
  const MeasureUnit unit = RowOf(measure).unit;
  const bool less_is_better = unit == MeasureUnit::kMilliseconds || unit == MeasureUnit::kCalls;
  const bool more_is_better = unit == MeasureUnit::kVerdict || unit == MeasureUnit::kTokensPerSecond;
  if (!less_is_better && !more_is_better) return std::nullopt;
  return best_first == more_is_better ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING;
}

}  // namespace ftl::analytics
