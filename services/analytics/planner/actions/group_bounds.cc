#include "services/analytics/planner/actions/actions.h"

#include "services/analytics/planner/constituents.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// The bound on a group's figure goes to `number_to`: `number` says which percentile the figure is.
void SetBound(const Sense& compare, double bound, Sense& made) {
  made.comparison = compare.comparison;
  made.number_to = bound;
}

const Sense* CompareIn(const Parts& parts) {
  return Find(parts, [](const Sense& part) { return part.comparison != 0; });
}

// More than 3 failures, 3 or more failed prompts, failed more than 3 times, zero failures: how many results are so.
bool CountBound(const Parts& parts, Sense& made) {
  const Sense* compare = CompareIn(parts);
  const Sense* number = Find(parts, [](const Sense& part) { return part.number && !part.statistic; });
  const Sense* condition = Find(parts, [](const Sense& part) { return !part.filters.empty(); });
  if (!number || !IsWhole(*number->number)) return false;
  if (compare ? compare->measure || !compare->word.empty() : *number->number != 0) return false;
  if (number->unit != Unit::kNone && number->unit != Unit::kAttempts) return false;
  if (condition) made.filters = condition->filters;
  if (!condition) made.word = number->unit == Unit::kAttempts ? "times" : "results";  // it happened, there are
  SetBound(compare ? *compare : Sense{.comparison = pb::COMPARISON_EQUAL}, *number->number, made);
  return true;
}

// A p95 over 2 s, longer than 2 s on average.
bool FigureBound(const Parts& parts, Sense& made) {
  const Sense* compare = CompareIn(parts);
  const Sense* figure = Find(parts, [](const Sense& part) { return part.statistic != 0; });
  const Sense* bound = Find(parts, [](const Sense& part) { return part.number && !part.statistic; });
  if (!compare || !figure || !bound) return false;
  made = *figure;
  if (!made.measure && made.word.empty() && compare->measure) made.measure = compare->measure;
  // An average of more than 150 tokens: of what, the unit says.
  const std::optional<pb::Measure> counted = MeasureOf(FieldOf(bound->unit));
  if (!made.measure && made.word.empty() && counted && !IsTime(FieldOf(bound->unit))) made.measure = *counted;
  const pb::FilterField field = FieldOf(made);
  if (field ? !Fits(bound->unit, field) : !IsOfTime(*bound, made)) return false;
  const bool in_seconds = bound->unit == Unit::kNone && IsTime(FieldOf(made)) && *bound->number <= 30;
  SetBound(*compare, *bound->number * (in_seconds ? 1000 : 1), made);
  return true;
}

// A success rate below 90 %, more than a tenth failed.
bool ShareBound(const Parts& parts, Sense& made) {
  const Sense* compare = CompareIn(parts);
  const Sense* share = Find(parts, [](const Sense& part) { return part.share.has_value(); });
  const Sense* rate = Find(parts, [](const Sense& part) { return part.measure != 0 && !part.comparison; });
  const Sense* condition = Find(parts, [](const Sense& part) { return !part.filters.empty(); });
  const Sense* named = Find(parts, [](const Sense& part) { return !part.word.empty() && !part.comparison; });
  if (!compare || !share || compare->measure || (!rate && !condition && !named)) return false;
  if (rate && RowOf(rate->measure).unit != MeasureUnit::kVerdict) return false;
  if (rate) made.measure = rate->measure;
  if (condition) made.filters = condition->filters;
  if (!rate && !condition) made.word = named->word;  // of a rate that names what it counts
  made.share = share->share;
  SetBound(*compare, *share->share, made);
  return true;
}

constexpr NamedAction kActions[] = {
    {"count_bound", CountBound},
    {"figure_bound", FigureBound},
    {"share_bound", ShareBound},
};

}  // namespace

std::span<const NamedAction> ActionsOfGroupBounds() { return kActions; }

}  // namespace ftl::analytics
