#include "services/analytics/planner/constituents.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

using Parts = std::vector<const Sense*>;

// The one part that has what is looked for; nullptr where none has.
template <typename Has>
const Sense* Find(const Parts& parts, Has has) {
  for (const Sense* part : parts) {
    if (has(*part)) return part;
  }
  return nullptr;
}

bool IsWhole(double number) { return number >= 0 && number == std::floor(number) && number <= 1e6; }

bool Take(const Parts& parts, Sense& made) {
  made = *parts.front();
  return true;
}
bool TakeLast(const Parts& parts, Sense& made) {
  made = *parts.back();
  return true;
}

// Billing prompts: the noun still says what is spoken of.
bool NameWithNoun(const Parts& parts, Sense& made) {
  made = *parts.front();
  made.word = parts.back()->word.empty() ? "category" : parts.back()->word;
  made.plural = parts.back()->plural;
  return true;
}

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
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* stop = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  if (!number || *number->number < 0 || *number->number > 100 || (stop && stop->word != ".")) return false;
  made.statistic = pb::STATISTIC_PERCENTILE;
  made.number = number->number;
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

pb::Comparison Mirrored(pb::Comparison comparison) {
  switch (comparison) {
    case pb::COMPARISON_GREATER:
      return pb::COMPARISON_LESS_OR_EQUAL;
    case pb::COMPARISON_LESS:
      return pb::COMPARISON_GREATER_OR_EQUAL;
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return pb::COMPARISON_LESS;
    case pb::COMPARISON_LESS_OR_EQUAL:
      return pb::COMPARISON_GREATER;
    default:
      return pb::COMPARISON_NOT_EQUAL;
  }
}
bool NotCompare(const Parts& parts, Sense& made) {
  made = *parts.back();
  made.comparison = Mirrored(made.comparison);
  return true;
}

bool IsTime(pb::FilterField field) {
  const std::optional<pb::Measure> measure = MeasureOf(field);
  return measure && RowOf(*measure).unit == MeasureUnit::kMilliseconds;
}

// Whether a number of that unit can be compared with that field.
bool Fits(Unit unit, pb::FilterField field) {
  const std::optional<pb::Measure> measure = MeasureOf(field);
  if (unit == Unit::kNone) return measure.has_value();
  if (!measure) return false;
  switch (RowOf(*measure).unit) {
    case MeasureUnit::kMilliseconds:
      return unit == Unit::kMilliseconds;
    case MeasureUnit::kTokens:
      return unit == Unit::kTokens || FieldOf(unit) == field;
    case MeasureUnit::kCalls:
      return unit == Unit::kAttempts;
    default:
      return FieldOf(unit) == field;
  }
}

// Which field the parts compare: their measure's, else their number's unit's. Unspecified where neither says.
pb::FilterField ComparedField(const Parts& parts, Unit unit) {
  pb::FilterField named = pb::FILTER_FIELD_UNSPECIFIED;
  for (const Sense* part : parts) {
    if (part->statistic || part->comparison) continue;
    if (const pb::FilterField field = FieldOf(*part)) named = field;
  }
  if (named) return named;
  for (const Sense* part : parts) {
    // Longer than 2 s speaks of time, slower than 100 tokens of nothing.
    if (part->comparison && part->measure && unit != Unit::kNone && part->word.empty()) {
      const pb::FilterField field = RowOf(part->measure).field;
      if (!Fits(unit, field)) return pb::FILTER_FIELD_UNSPECIFIED;
      return field;
    }
  }
  return FieldOf(unit);
}

// The comparison and the bound are somewhere among the parts; so may be a measure.
bool Compared(const Parts& parts, Sense& made) {
  const Sense* compare = Find(parts, [](const Sense& part) { return part.comparison != 0; });
  const Sense* bound = Find(parts, [](const Sense& part) { return part.number && part.statistic == 0; });
  if (!compare || !bound) return false;
  const pb::FilterField field = ComparedField(parts, bound->unit);
  const bool named = Find(parts, [](const Sense& part) { return FieldOf(part) != 0 && !part.comparison; }) != nullptr;
  if (named && !Fits(bound->unit, field)) return false;
  double number = *bound->number;
  // A time of few and no unit is in seconds.
  if (bound->unit == Unit::kNone && IsTime(field) && number <= 30) number *= 1000;
  made.filters = {NumberFilter(field, compare->comparison, number)};
  made.unit = bound->unit;
  made.all = compare->word == "length";  // of what, its noun says
  if (!field) made.measure = compare->measure;
  return field || bound->unit == Unit::kNone;
}

bool ComparedWithStatistic(const Parts& parts, Sense& made) {
  const Sense* compare = Find(parts, [](const Sense& part) { return part.comparison != 0; });
  const Sense* statistic = Find(parts, [](const Sense& part) { return part.statistic != 0; });
  if (!compare || !statistic) return false;
  const bool worked = statistic->statistic == pb::STATISTIC_MEAN || statistic->statistic == pb::STATISTIC_MEDIAN ||
                      statistic->statistic == pb::STATISTIC_PERCENTILE;
  if (!worked) return false;
  pb::FilterField field = pb::FILTER_FIELD_UNSPECIFIED;
  for (const Sense* part : parts) {
    if (part->comparison == 0 && FieldOf(*part)) field = FieldOf(*part);
  }
  if (!field && compare->measure) field = RowOf(compare->measure).field;
  made.all = !field && compare->word == "length";
  if (made.all) field = pb::FILTER_FIELD_RESPONSE_CHARACTERS;
  pb::Filter filter = NumberFilter(field, compare->comparison, statistic->number.value_or(0));
  if (!statistic->number) filter.clear_number();
  filter.set_than(statistic->statistic);
  made.filters = {filter};
  return true;
}

bool Range(const Parts& parts, Sense& made) {
  std::vector<const Sense*> bounds;
  for (const Sense* part : parts) {
    if (part->number && part->statistic == 0) bounds.push_back(part);
  }
  if (bounds.size() != 2) return false;
  // One and two seconds.
  const Unit unit = bounds[1]->unit != Unit::kNone ? bounds[1]->unit : bounds[0]->unit;
  double low = *bounds[0]->number;
  double high = *bounds[1]->number;
  if (bounds[0]->unit == Unit::kNone && unit == Unit::kMilliseconds) low *= bounds[1]->number_to.value_or(1);
  pb::FilterField field = ComparedField(parts, unit);
  if (!field || !Fits(unit, field) || low > high) return false;
  if (unit == Unit::kNone && IsTime(field) && high <= 30) {
    low *= 1000;
    high *= 1000;
  }
  pb::Filter filter = NumberFilter(field, pb::COMPARISON_BETWEEN, low);
  filter.set_number_to(high);
  made.filters = {filter};
  return true;
}

// Whether a figure lies above or below a bound: the figure is told, and the bound is beside it.
bool Threshold(const Parts& parts, Sense& made) {
  const Sense& bound = *parts.back();
  const pb::FilterField field = FieldOf(*parts[1]);
  made = *parts[1];
  return field ? Fits(bound.unit, field)
               : bound.unit == Unit::kMilliseconds && made.statistic == pb::STATISTIC_PERCENTILE;
}

bool Negate(const Parts& parts, Sense& made) {
  made = *parts.back();
  if (made.filters.size() != 1) return false;
  const std::optional<pb::Filter> negated = Negated(made.filters[0]);
  if (!negated) return false;
  made.filters = {*negated};
  made.negated = true;
  return true;
}

// Billing excluded.
bool NegateFirst(const Parts& parts, Sense& made) { return Negate({parts.front()}, made); }

// Whatever goes on with `and` is left out as well.
bool LeaveOutFilter(const Parts& parts, Sense& made) {
  if (!Negate(parts, made)) return false;
  made.excludes = true;
  return true;
}

// Neither billing nor code.
bool NeitherOf(const Parts& parts, Sense& made) {
  for (const Sense* part : {parts[1], parts.back()}) {
    if (part->filters.size() != 1) return false;
    const std::optional<pb::Filter> negated = Negated(part->filters[0]);
    if (!negated) return false;
    made.filters.push_back(*negated);
  }
  return true;
}
// Failed, but not because of a timeout.
bool AndNot(const Parts& parts, Sense& made) {
  made = *parts.front();
  if (parts.back()->filters.size() != 1) return false;
  const std::optional<pb::Filter> negated = Negated(parts.back()->filters[0]);
  if (negated) made.filters.push_back(*negated);
  return negated.has_value();
}

// Difficulty hard.
bool ValueOfGroup(const Parts& parts, Sense& made) {
  const Sense* group = Find(parts, [](const Sense& part) { return part.grouping != 0; });
  const Sense* value = Find(parts, [](const Sense& part) { return !part.filters.empty(); });
  if (!group || !value || group->grouping != pb::GROUPING_DIFFICULTY) return false;
  made = *value;
  return made.filters[0].field() == pb::FILTER_FIELD_DIFFICULTY;
}

bool Either(const Parts& parts, Sense& made) {
  pb::Filter filter;
  for (const Sense* part : {parts.front(), parts.back()}) {
    if (part->filters.size() != 1) return false;
    const pb::Filter& one = part->filters[0];
    if (one.field() == pb::FILTER_FIELD_RUN || one.field() == pb::FILTER_FIELD_UNSPECIFIED) return false;
    if (one.any_of().empty()) {
      *filter.add_any_of() = one;
    } else {
      filter.mutable_any_of()->MergeFrom(one.any_of());
    }
  }
  // A or B of one field of text is one of both.
  const pb::FilterField field = filter.any_of(0).field();
  const bool same = std::all_of(filter.any_of().begin(), filter.any_of().end(), [&](const pb::Filter& one) {
    return one.field() == field && one.comparison() == pb::COMPARISON_EQUAL && !one.text().empty() &&
           RowOf(field).kind == FieldKind::kText;
  });
  if (same) {
    pb::Filter in;
    in.set_field(field);
    in.set_comparison(pb::COMPARISON_IN);
    for (const pb::Filter& one : filter.any_of()) in.add_texts(one.text());
    filter = in;
  }
  made.filters = {filter};
  return true;
}

// Texts: one of several, or all of them.
bool OneText(const Parts& parts, Sense& made) {
  made.texts = parts.back()->texts;
  return true;
}
bool MoreTexts(const Parts& parts, Sense& made, bool all) {
  const Sense& first = *parts.front();
  if (first.texts.size() > 1 && first.all != all) return false;
  made = first;
  made.all = all;
  made.texts.push_back(parts.back()->texts[0]);
  return true;
}
bool OrTexts(const Parts& parts, Sense& made) { return MoreTexts(parts, made, false); }
bool AndTexts(const Parts& parts, Sense& made) { return MoreTexts(parts, made, true); }

std::vector<pb::Filter> TextFilters(const Sense& texts, pb::FilterField field, pb::Comparison comparison) {
  std::vector<pb::Filter> filters;
  if (texts.all) {
    for (const std::string& text : texts.texts) filters.push_back(TextFilter(field, comparison, text));
    return filters;
  }
  pb::Filter filter = TextFilter(field, comparison, texts.texts.size() == 1 ? texts.texts[0] : "");
  if (texts.texts.size() > 1) {
    for (const std::string& text : texts.texts) filter.add_texts(text);
  }
  return {filter};
}
pb::FilterField TextFieldOf(const Parts& parts) {
  for (const Sense* part : parts) {
    if (part->word == "prompt") return pb::FILTER_FIELD_PROMPT_TEXT;
    if (part->word == "response") return pb::FILTER_FIELD_RESPONSE_TEXT;
  }
  if (Find(parts, [](const Sense& part) { return part.word == "any"; })) return pb::FILTER_FIELD_ANY_TEXT;
  return pb::FILTER_FIELD_UNSPECIFIED;  // what was last spoken of
}
bool Mention(const Parts& parts, Sense& made, pb::Comparison comparison) {
  const Sense* texts = Find(parts, [](const Sense& part) { return !part.texts.empty(); });
  if (!texts) return false;
  made.filters = TextFilters(*texts, TextFieldOf(parts), comparison);
  return true;
}
bool Contains(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_CONTAINS); }
bool StartsWith(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_STARTS_WITH); }
bool EndsWith(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_ENDS_WITH); }
bool ContainsNeither(const Parts& parts, Sense& made) {
  Sense texts;
  for (const Sense* part : parts) texts.texts.insert(texts.texts.end(), part->texts.begin(), part->texts.end());
  made.filters = TextFilters(texts, TextFieldOf(parts), pb::COMPARISON_NOT_CONTAINS);
  return true;
}
bool ContainsButNot(const Parts& parts, Sense& made) {
  const pb::FilterField field = TextFieldOf(parts);
  made.filters = TextFilters(*parts[0], field, pb::COMPARISON_CONTAINS);
  for (const pb::Filter& filter : TextFilters(*parts[2], field, pb::COMPARISON_NOT_CONTAINS))
    made.filters.push_back(filter);
  return true;
}
bool ButNot(const Parts& parts, Sense& made) {
  made = *parts.front();
  if (made.filters.empty() || RowOf(made.filters[0].field()).kind != FieldKind::kText) {
    if (made.filters.empty() || made.filters[0].field() != pb::FILTER_FIELD_UNSPECIFIED) return false;
  }
  if (made.filters[0].comparison() != pb::COMPARISON_CONTAINS) return false;
  for (const pb::Filter& filter : TextFilters(*parts.back(), made.filters[0].field(), pb::COMPARISON_NOT_CONTAINS)) {
    made.filters.push_back(filter);
  }
  return true;
}

// Numbers of prompts or of runs.
bool OneNumber(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  if (!number || !IsWhole(*number->number) || *number->number < 1) return false;
  const Sense* noun = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  if (noun) made.word = noun->word;
  made.numbers = {*number->number};
  return true;
}
bool MoreNumbers(const Parts& parts, Sense& made) {
  made = *parts.front();
  const Sense& last = *parts.back();
  if (parts.size() == 3 && parts[1]->word != "," && !parts[1]->word.empty()) return false;
  if (!last.numbers.empty()) {
    made.numbers.insert(made.numbers.end(), last.numbers.begin(), last.numbers.end());
    return true;
  }
  if (!last.number || !IsWhole(*last.number) || *last.number < 1) return false;
  made.numbers.push_back(*last.number);
  return true;
}
// Prompts from 5 to 10.
bool NumbersBetween(const Parts& parts, Sense& made) {
  const double from = *parts[2]->number;
  const double to = *parts[4]->number;
  if (parts[0]->word != "prompt" || !IsWhole(from) || !IsWhole(to) || from < 1 || to <= from || to - from > 1000)
    return false;
  made.word = parts[0]->word;
  for (double number = from; number <= to; ++number) made.numbers.push_back(number);
  return true;
}
bool NumbersTo(const Parts& parts, Sense& made) {
  made = *parts.front();
  const Sense& last = *parts.back();
  const double to = last.number ? *last.number : last.numbers.empty() ? 0 : last.numbers[0];
  if (!IsWhole(to) || to <= made.numbers.back() || to - made.numbers.back() > 1000) return false;
  for (double number = made.numbers.back() + 1; number <= to; ++number) made.numbers.push_back(number);
  return true;
}
bool ByRun(const Parts&, Sense& made) {
  made.grouping = pb::GROUPING_RUN;
  return true;
}
// Higher in run 2 than in run 1.
bool TwoRuns(const Parts& parts, Sense& made) {
  made = *parts.front();
  made.numbers.insert(made.numbers.end(), parts.back()->numbers.begin(), parts.back()->numbers.end());
  return made.numbers.size() == 2;
}
// Three attempts are three and no more.
bool ExactAttempts(const Parts& parts, Sense& made) {
  if (parts[0]->unit != Unit::kAttempts) return false;
  made.filters = {NumberFilter(pb::FILTER_FIELD_ATTEMPTS, pb::COMPARISON_EQUAL, *parts[0]->number)};
  return true;
}
bool OneRun(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  if (!number || *number->number != std::floor(*number->number) || *number->number > 1e6) return false;
  made.numbers = {*number->number};
  return true;
}

// Rankings.
bool CountedRank(const Parts& parts, Sense& made) {
  const Sense* number = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!number || !IsWhole(*number->number) || *number->number < 1) return false;
  made = rank ? *rank : Sense{.order = parts[0]->word == "bottom" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING};
  if (made.share || made.count) return false;
  made.count = static_cast<int>(*number->number);
  return true;
}
bool ShareOfRank(const Parts& parts, Sense& made) {
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!share || !rank || *share->share > 1) return false;
  made = *rank;
  made.share = share->share;
  return true;
}
bool NthRank(const Parts& parts, Sense& made) {
  const Sense* nth = Find(parts, [](const Sense& part) { return part.number.has_value(); });
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!nth || !rank || *nth->number < 1 || *nth->number > 1000) return false;
  made = *rank;
  made.count = 1;
  made.skip = static_cast<int>(*nth->number) - 1;
  return true;
}
// The most tokens.
bool RankByMeasure(const Parts& parts, Sense& made) {
  const Sense* direction = Find(parts, [](const Sense& part) { return part.order != 0; });
  const Sense* measure = Find(parts, [](const Sense& part) { return part.order == 0 && !part.number; });
  const Sense* number = Find(parts, [](const Sense& part) { return part.order == 0 && part.number; });
  if (!direction || !measure) return false;
  made = *measure;
  made.order = direction->order;
  if (number) made.count = static_cast<int>(*number->number);
  made.plural = direction->plural;
  made.all = true;  // a measure's extreme, rather than a result
  return true;
}
// The best of a measure is its least where less is better.
bool RankByGoodness(const Parts& parts, Sense& made) {
  if (!RankByMeasure(parts, made)) return false;
  const MeasureUnit unit = RowOf(made.measure).unit;
  const bool less_is_better = unit == MeasureUnit::kMilliseconds || unit == MeasureUnit::kCalls;
  const bool more_is_better = unit == MeasureUnit::kVerdict || unit == MeasureUnit::kTokensPerSecond;
  if (!less_is_better && !more_is_better) return false;
  const bool best = made.order == pb::ORDER_DESCENDING;
  made.order = best == more_is_better ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING;
  const Sense* number = Find(parts, [](const Sense& part) { return part.number && !part.measure && !part.order; });
  if (number) made.count = static_cast<int>(*number->number);
  return true;
}
bool LeaveOut(const Parts& parts, Sense& made) {
  const Sense* rank = Find(parts, [](const Sense& part) { return part.order != 0; });
  if (!rank) return false;
  made = *rank;
  made.negated = true;
  if (!made.count && !made.share) {
    if (made.plural) return false;  // how many of the outliers?
    made.count = 1;
  }
  return true;
}

// What took longest is no long text.
bool OfTime(const Parts& parts, Sense& made) {
  if (parts[1]->word != "length") return false;
  made = *parts[1];
  made.word.clear();
  made.measure = parts[0]->measure;
  return true;
}

// The first ten prompts, by their number; the last ten.
bool PartByNumber(const Parts& parts, Sense& made, pb::Order order) {
  const double count = *Find(parts, [](const Sense& part) { return part.number.has_value(); })->number;
  if (!IsWhole(count) || count < 1 || count > 1000) return false;
  made.count = static_cast<int>(count);
  made.order = order;
  return true;
}
bool FirstN(const Parts& parts, Sense& made) { return PartByNumber(parts, made, pb::ORDER_ASCENDING); }
bool LastN(const Parts& parts, Sense& made) { return PartByNumber(parts, made, pb::ORDER_DESCENDING); }

// The first failed prompt, the last failure.
bool PartOfOne(const Parts& parts, Sense& made, pb::Order order) {
  made = *parts[1];
  if (made.plural || made.negated) return false;
  made.count = 1;
  made.order = order;
  return true;
}
bool FirstOf(const Parts& parts, Sense& made) { return PartOfOne(parts, made, pb::ORDER_ASCENDING); }
bool LastOf(const Parts& parts, Sense& made) { return PartOfOne(parts, made, pb::ORDER_DESCENDING); }

// Top 5 % by latency, bottom 5 by tokens.
bool ShareBy(const Parts& parts, Sense& made) {
  made = *parts.back();
  if (made.measure == 0 && made.word.empty()) return false;
  made.order = parts[0]->word == "bottom" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
  made.share = parts[1]->share;
  if (!made.share) {
    if (!IsWhole(*parts[1]->number) || *parts[1]->number < 1) return false;
    made.count = static_cast<int>(*parts[1]->number);
  }
  return true;
}

// When did run 1 start?
bool FactOfRun(const Parts& parts, Sense& made) {
  made = *parts.back();
  made.numbers = parts[1]->numbers;
  return made.numbers.size() == 1;
}

// From slowest to fastest.
bool FromOneEnd(const Parts& parts, Sense& made) {
  const Sense& from = *parts[parts.size() - 3];
  const Sense& to = *parts.back();
  made = from;
  return from.measure == to.measure && from.word == to.word && from.order != to.order;
}

bool OfTexts(const Parts& parts, Sense& made) {
  made = *parts.back();
  return made.word == "prompt" || made.word == "response";
}

bool Difference(const Parts& parts, Sense& made) {
  const Sense* compare = Find(parts, [](const Sense& part) { return part.comparison != 0; });
  const Sense* run = Find(parts, [](const Sense& part) { return !part.numbers.empty(); });
  if (!compare || !run || run->numbers.size() != 1) return false;
  made = *compare;
  made.numbers = run->numbers;
  made.order = compare->comparison == pb::COMPARISON_GREATER ? pb::ORDER_DESCENDING : pb::ORDER_ASCENDING;
  made.comparison = {};
  return made.measure != 0;
}

// Better than run 1: whatever of a run can be better.
bool DifferenceInAll(const Parts& parts, Sense& made) {
  const Sense* goodness = Find(parts, [](const Sense& part) { return !part.word.empty(); });
  const Sense* run = Find(parts, [](const Sense& part) { return !part.numbers.empty(); });
  if (!goodness || !run || run->numbers.size() != 1) return false;
  made.measure = pb::MEASURE_RESULTS;
  made.numbers = run->numbers;
  made.order = goodness->word == "worse" ? pb::ORDER_ASCENDING : pb::ORDER_DESCENDING;
  return true;
}

bool Ordered(const Parts& parts, Sense& made) {
  made = *parts.back();
  if (!made.order) made.order = pb::ORDER_DESCENDING;
  if (parts.size() == 3 && parts[2]->order) {
    made = *parts[1];
    made.order = parts[2]->order;
  }
  return true;
}

using Action = bool (*)(const Parts&, Sense&);

const std::unordered_map<std::string_view, Action>& Actions() {
  static const auto& actions = *new std::unordered_map<std::string_view, Action>{
      {"take", Take},
      {"take_last", TakeLast},
      {"name_with_noun", NameWithNoun},
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
      {"figure", MakeFigure},
      {"not_compare", NotCompare},
      {"compared", Compared},
      {"compared_with", ComparedWithStatistic},
      {"range", Range},
      {"threshold", Threshold},
      {"negate", Negate},
      {"negate_first", NegateFirst},
      {"leave_out_filter", LeaveOutFilter},
      {"value_of_group", ValueOfGroup},
      {"neither_of", NeitherOf},
      {"and_not", AndNot},
      {"either", Either},
      {"text", OneText},
      {"or_texts", OrTexts},
      {"and_texts", AndTexts},
      {"contains", Contains},
      {"starts_with", StartsWith},
      {"ends_with", EndsWith},
      {"contains_neither", ContainsNeither},
      {"contains_but_not", ContainsButNot},
      {"but_not", ButNot},
      {"one_number", OneNumber},
      {"more_numbers", MoreNumbers},
      {"numbers_to", NumbersTo},
      {"numbers_between", NumbersBetween},
      {"one_run", OneRun},
      {"by_run", ByRun},
      {"two_runs", TwoRuns},
      {"exact_attempts", ExactAttempts},
      {"counted_rank", CountedRank},
      {"share_of_rank", ShareOfRank},
      {"nth_rank", NthRank},
      {"rank_by_measure", RankByMeasure},
      {"rank_by_goodness", RankByGoodness},
      {"leave_out", LeaveOut},
      {"of_time", OfTime},
      {"first_n", FirstN},
      {"last_n", LastN},
      {"first_of", FirstOf},
      {"last_of", LastOf},
      {"share_by", ShareBy},
      {"from_one_end", FromOneEnd},
      {"of_texts", OfTexts},
      {"fact_of_run", FactOfRun},
      {"difference", Difference},
      {"difference_in_all", DifferenceInAll},
      {"ordered", Ordered},
  };
  return actions;
}

}  // namespace

pb::FilterField FieldOf(Unit unit) {
  switch (unit) {
    case Unit::kMilliseconds:
      return pb::FILTER_FIELD_LATENCY;
    case Unit::kTokens:
    case Unit::kOutputTokens:
      return pb::FILTER_FIELD_OUTPUT_TOKENS;
    case Unit::kInputTokens:
      return pb::FILTER_FIELD_INPUT_TOKENS;
    case Unit::kTotalTokens:
      return pb::FILTER_FIELD_TOTAL_TOKENS;
    case Unit::kWords:
      return pb::FILTER_FIELD_RESPONSE_WORDS;
    case Unit::kCharacters:
      return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
    case Unit::kTokensPerSecond:
      return pb::FILTER_FIELD_TOKENS_PER_SECOND;
    case Unit::kAttempts:
      return pb::FILTER_FIELD_ATTEMPTS;
    default:
      return pb::FILTER_FIELD_UNSPECIFIED;
  }
}

pb::FilterField FieldOf(const Sense& measure) {
  if (measure.word == "tokens") return pb::FILTER_FIELD_OUTPUT_TOKENS;
  if (measure.measure == pb::MEASURE_RESPONSE_LENGTH) return pb::FILTER_FIELD_RESPONSE_CHARACTERS;
  return RowOf(measure.measure).field;
}

bool IsAction(std::string_view action) { return Actions().count(action) > 0; }

bool Act(std::string_view action, const Parts& parts, Sense& made) { return Actions().at(action)(parts, made); }

bool IsQuestionPart(std::string_view symbol) {
  static constexpr std::string_view kOrphans[] = {
      "unit",         "percentile", "between", "to",      "andhalf",   "point",   "mult",   "one",          "cmp",
      "orcmp",        "mention",    "starts",  "ends",    "about",     "free",    "quoted", "butnot",       "neither",
      "textnoun",     "digits",     "num",     "frac",    "ord",       "hash",    "run",    "runref",       "by",
      "bysuffix",     "Percent",    "percent", "exclude", "sort",      "not",     "or",     "name",         "flt",
      "Quantity",     "Text",       "Texts",   "Compare", "ordmark",   "nthmark", "rank",   "categorynoun", "be",
      "countmark",    "partname",   "took",    "with",    "intext",    "thing",   "sign",   "whatdoes",     "means",
      "excludeafter", "firstn",     "lastn",   "among",   "rankfirst", "since",   "when",   "began",        "modelq",
      "bottom",       "goodness"};
  return std::find(std::begin(kOrphans), std::end(kOrphans), symbol) == std::end(kOrphans);
}

}  // namespace ftl::analytics
