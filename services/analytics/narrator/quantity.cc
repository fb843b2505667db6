#include "services/analytics/narrator/quantity.h"

#include <cmath>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string WithUnit(const Language& language, std::string_view unit, double value, int decimals) {
  return language.Say(unit, {{"x", language.Number(value, decimals), Rounded(value, decimals)}});
}

}  // namespace

std::string DurationText(const Language& language, double milliseconds) {
  const double size = std::abs(milliseconds);
  if (size < 999.95) return WithUnit(language, "unit.ms", milliseconds, size < 10 ? 2 : 1);
  if (size < 120'000) return WithUnit(language, "unit.s", milliseconds / 1000, 3);
  const auto seconds = static_cast<int64_t>(std::lround(milliseconds / 1000));
  return language.Say("unit.min", {{"minutes", language.Number(static_cast<double>(seconds / 60))},
                                   {"x", language.Number(static_cast<double>(seconds % 60))}});
}

std::string CountText(const Language& language, double count) { return language.Number(count, 0); }

std::string ShareText(const Language& language, double share, int decimals) {
  return WithUnit(language, "unit.percent", share * 100, decimals);
}

std::string QuantityText(const Language& language, pb::Measure measure, double value) {
  switch (RowOf(measure).unit) {
    case MeasureUnit::kMilliseconds:
      return DurationText(language, value);
    case MeasureUnit::kTokens:
      return WithUnit(language, measure == pb::MEASURE_INPUT_TOKENS ? "unit.input_tokens" : "unit.tokens", value, 1);
    case MeasureUnit::kCharacters:
      return WithUnit(language, "unit.characters", value, 1);
    case MeasureUnit::kWords:
      return WithUnit(language, "unit.words", value, 1);
    case MeasureUnit::kTokensPerSecond:
      return WithUnit(language, "unit.tokens_per_second", value, 1);
    case MeasureUnit::kCalls:
      return WithUnit(language, measure == pb::MEASURE_RETRIES ? "unit.retries" : "unit.attempts", value, 2);
    case MeasureUnit::kVerdict:
      return ShareText(language, value);
    case MeasureUnit::kNone:
      break;
  }
  return language.Number(value, 1);
}

Fact FactOf(pb::Measure measure, double value) {
  Fact fact{.value = value, .measure = measure};
  switch (RowOf(measure).unit) {
    case MeasureUnit::kMilliseconds:
      fact.unit = Unit::kMilliseconds;
      break;
    case MeasureUnit::kTokens:
      fact.unit = Unit::kTokens;
      break;
    case MeasureUnit::kCharacters:
      fact.unit = Unit::kCharacters;
      break;
    case MeasureUnit::kWords:
      fact.unit = Unit::kWords;
      break;
    case MeasureUnit::kTokensPerSecond:
      fact.unit = Unit::kPerSecond;
      break;
    case MeasureUnit::kCalls:
      fact.unit = Unit::kAttempts;
      break;
    case MeasureUnit::kVerdict:
      fact.unit = Unit::kPerCent;
      fact.value = value * 100;
      break;
    case MeasureUnit::kNone:
      break;
  }
  return fact;
}

}  // namespace ftl::analytics
