#include "services/analytics/planner/actions/actions.h"

#include <cmath>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// twenty + five
bool AddNumbers(const Parts& parts, Sense& made) {
  const double tens = *parts[0]->number;
  const double ones = *parts[1]->number;
  if (tens < 20 || std::fmod(tens, 10) != 0 || ones <= 0 || ones >= 10) return false;
  made.number = tens + ones;
  return true;
}

bool Multiply(const Parts& parts, Sense& made) {
  made.number = *parts[0]->number * *parts[1]->number;
  return true;
}

// 五 十 二: the multiplier first, or what follows it.
bool AddAfter(const Parts& parts, Sense& made) {
  if (*parts[0]->number < 10 || *parts[1]->number >= *parts[0]->number) return false;
  made.number = *parts[0]->number + *parts[1]->number;
  return true;
}

bool Decimals(const Parts& parts, Sense& made) {
  const double fraction = *parts[2]->number;
  if (!IsWhole(fraction)) return false;
  const double places = fraction < 10 ? 10 : fraction < 100 ? 100 : 1000;
  made.number = *parts[0]->number + fraction / places;
  return true;
}

bool PlusHalf(const Parts& parts, Sense& made) {
  made.number = *parts[0]->number + 0.5;
  return true;
}

// A number and a unit; a bare unit is one of it.
bool Quantity(const Parts& parts, Sense& made) {
  const Sense* unit = Find(parts, [](const Sense& part) { return part.unit != Unit::kNone; });
  const Sense* number = Find(parts, [](const Sense& part) { return part.unit == Unit::kNone && part.number; });
  if (!unit) return false;
  made.unit = unit->unit;
  made.number = (number ? *number->number : 1) * *unit->number;
  made.number_to = unit->number;  // the size of the unit, for "one to two seconds"
  return true;
}

bool QuantityAndHalf(const Parts& parts, Sense& made) {
  if (!Quantity(parts, made)) return false;
  const Sense* unit = Find(parts, [](const Sense& part) { return part.unit != Unit::kNone; });
  *made.number += 0.5 * *unit->number;
  return true;
}

// 1 minute 30 seconds
bool SumQuantities(const Parts& parts, Sense& made) {
  const Sense& first = *parts.front();
  const Sense& second = *parts.back();
  if (first.unit != Unit::kMilliseconds || second.unit != first.unit || *second.number >= *first.number) return false;
  made = first;
  made.number = *first.number + *second.number;
  return true;
}

bool Percent(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  if (!number || *number->number <= 0 || *number->number > 100) return false;
  made.share = *number->number / 100;
  return true;
}

bool Fraction(const Parts& parts, Sense& made) {
  made.share = *parts.front()->number;
  return true;
}

bool Percentile(const Parts& parts, Sense& made) {
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  if (share) {  // the 90 % quantile
    made.statistic = pb::STATISTIC_PERCENTILE;
    made.number = std::round(*share->share * 10000) / 100;
    return true;
  }
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* stop = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  if (!number || *number->number < 0 || *number->number > 100 || (stop && stop->word != ".")) return false;
  made.statistic = pb::STATISTIC_PERCENTILE;
  made.number = number->number;
  return true;
}

// Below which latency are 80 % of the calls; how long do only 5 % of them take longer.
bool ValueAtShare(const Parts& parts, Sense& made) {
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  const Sense* compare = Find(parts, [](const Sense& part) { return part.comparison != 0; });
  const Sense* measure = Find(parts, [](const Sense& part) { return part.measure != 0; });
  const Sense* unit = Find(parts, [](const Sense& part) { return part.unit != Unit::kNone; });
  if (!share || !compare || *share->share >= 1) return false;
  if (measure) made.measure = measure->measure;
  if (!measure && unit && unit->unit == Unit::kMilliseconds) made.measure = pb::MEASURE_LATENCY;
  if (!made.measure || RowOf(made.measure).unit == MeasureUnit::kVerdict) return false;
  const bool above =
      compare->comparison == pb::COMPARISON_GREATER || compare->comparison == pb::COMPARISON_GREATER_OR_EQUAL;
  const double percentile = std::round(*share->share * 10000) / 100;
  made.statistic = pb::STATISTIC_PERCENTILE;
  made.number = above ? 100 - percentile : percentile;
  return true;
}

// A statistic of a measure, in either order.
bool MakeFigure(const Parts& parts, Sense& made) {
  const Sense* statistic = Find(parts, [](const Sense& part) { return part.statistic != 0; });
  const Sense* measure = Find(parts, [](const Sense& part) { return part.statistic == 0; });
  if (!statistic || !measure) return false;
  made = *measure;
  made.statistic = statistic->statistic;
  made.number = statistic->number;
  return true;
}

// Output tokens per input token: the sum of the one over that of the other.
bool RatioOf(const Parts& parts, Sense& made) {
  const Sense& one = *parts[parts.size() - 3];
  const Sense& other = *parts.back();
  const auto adds_up = [](const Sense& sense) {
    const MeasureUnit unit = RowOf(sense.measure).unit;
    return sense.measure &&
           (unit == MeasureUnit::kTokens || unit == MeasureUnit::kCharacters || unit == MeasureUnit::kWords);
  };
  if (!adds_up(one) || !adds_up(other) || one.measure == other.measure || parts[1]->grouping) return false;
  made.measure = one.measure;
  made.against = other.measure;
  made.statistic = pb::STATISTIC_SUM;
  return true;
}

constexpr NamedAction kActions[] = {
    {"add", AddNumbers},
    {"multiply", Multiply},
    {"add_after", AddAfter},
    {"decimals", Decimals},
    {"plus_half", PlusHalf},
    {"quantity", Quantity},
    {"quantity_and_half", QuantityAndHalf},
    {"sum_quantities", SumQuantities},
    {"percent", Percent},
    {"fraction", Fraction},
    {"percentile", Percentile},
    {"value_at_share", ValueAtShare},
    {"figure", MakeFigure},
    {"ratio_of", RatioOf},
};

}  // namespace

std::span<const NamedAction> ActionsOfNumbers() { return kActions; }

}  // namespace ftl::analytics
