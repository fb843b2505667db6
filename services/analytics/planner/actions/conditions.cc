#include "services/analytics/planner/actions/actions.h"

#include <algorithm>
#include <optional>

#include "services/analytics/planner/constituents.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// Billing prompts: the noun still says what is spoken of.
bool NameWithNoun(const Parts& parts, Sense& made) {
  made = *parts.front();
  made.word = parts.back()->word.empty() ? "category" : parts.back()->word;
  made.plural = parts.back()->plural;
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

// Slower than the average of code: of which results the statistic is.
bool ComparedWithStatisticOf(const Parts& parts, Sense& made) {
  const Sense* of = Find(parts, [](const Sense& part) { return !part.filters.empty(); });
  if (!of || of->filters.size() != 1 || !ComparedWithStatistic(parts, made)) return false;
  const pb::FilterField field = of->filters[0].field();
  if (field != pb::FILTER_FIELD_CATEGORY && field != pb::FILTER_FIELD_DIFFICULTY) return false;
  *made.filters[0].add_than_of() = of->filters[0];
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
  return field ? Fits(bound.unit, field) : IsOfTime(bound, made);
}

// Is a p95 of 2 seconds right? Are we below 100 ms at the median? The figure is told.
bool PutUp(const Parts& parts, Sense& made) {
  const auto is_bound = [](const Sense& part) { return part.unit != Unit::kNone && part.number && !part.measure; };
  const Sense* bound = Find(parts, is_bound);
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  const Sense* figure = Find(parts, [](const Sense& part) { return part.measure != 0 || part.statistic != 0; });
  if (!figure || (!bound && !share)) return false;
  made = *figure;
  if (share) return made.measure && RowOf(made.measure).unit == MeasureUnit::kVerdict;
  const pb::FilterField field = FieldOf(*figure);
  return field ? Fits(bound->unit, field) : IsOfTime(*bound, made);
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

// Not in billing or code: in neither, where both are values of one field.
bool NotOneOf(const Parts& parts, Sense& made) {
  const Sense& one = *parts[1];
  const Sense& other = *parts[3];
  if (one.filters.size() != 1 || other.filters.size() != 1 || one.negated || other.negated) return false;
  const bool same = one.filters[0].field() == other.filters[0].field();
  return same && RowOf(one.filters[0].field()).kind == FieldKind::kText && NeitherOf(parts, made);
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
    if (part->negated) return false;  // not in billing or code: in neither
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

// Three attempts are three and no more.
bool ExactAttempts(const Parts& parts, Sense& made) {
  if (parts[0]->unit != Unit::kAttempts) return false;
  made.filters = {NumberFilter(pb::FILTER_FIELD_ATTEMPTS, pb::COMPARISON_EQUAL, *parts[0]->number)};
  return true;
}

constexpr NamedAction kActions[] = {
    {"name_with_noun", NameWithNoun},
    {"not_compare", NotCompare},
    {"compared", Compared},
    {"compared_with", ComparedWithStatistic},
    {"compared_with_of", ComparedWithStatisticOf},
    {"range", Range},
    {"threshold", Threshold},
    {"put_up", PutUp},
    {"negate", Negate},
    {"negate_first", NegateFirst},
    {"leave_out_filter", LeaveOutFilter},
    {"value_of_group", ValueOfGroup},
    {"neither_of", NeitherOf},
    {"not_one_of", NotOneOf},
    {"and_not", AndNot},
    {"either", Either},
    {"exact_attempts", ExactAttempts},
};

}  // namespace

bool IsTime(pb::FilterField field) {
  const std::optional<pb::Measure> measure = MeasureOf(field);
  return measure && RowOf(*measure).unit == MeasureUnit::kMilliseconds;
}

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

bool IsOfTime(const Sense& bound, Sense& statistic) {
  if (bound.unit != Unit::kMilliseconds || !statistic.statistic || statistic.measure) return false;
  statistic.measure = pb::MEASURE_LATENCY;
  return true;
}

std::span<const NamedAction> ActionsOfConditions() { return kActions; }

}  // namespace ftl::analytics
