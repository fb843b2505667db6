#include "services/analytics/planner/draft/draft.h"

#include <utility>

#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

// What the failure rate and its like count.
std::optional<pb::Filter> ConditionOf(const std::string& rate) {
  const auto is = [](pb::FilterField field, const char* text) { return TextFilter(field, pb::COMPARISON_EQUAL, text); };
  if (rate == "fail") return is(pb::FILTER_FIELD_SUCCESS, "false");
  if (rate == "timeout") return is(pb::FILTER_FIELD_ERROR_TYPE, "timeout");
  if (rate == "truncated") return is(pb::FILTER_FIELD_FINISH_REASON, "length");
  if (rate == "checkfail") return is(pb::FILTER_FIELD_CHECKS_PASSED, "false");
  return std::nullopt;
}

}  // namespace

// Categories with more than 3 failures, whose p95 is over 2 s, that are slower than average: groups, and what bounds
// their figure.
bool Draft::SayBoundedGroups() {
  if (!slots_.having && !TakeBoundOfAll()) return false;
  if (!slots_.group || !slots_.figures.empty() || slots_.Says("share") || query_.slices_size() > 0) return false;
  const Sense bound = *std::exchange(slots_.having, std::nullopt);
  const bool counts = bound.number_to && !bound.statistic && !bound.measure;
  if (counts) {
    std::vector<pb::Filter> counted(bound.filters.begin(), bound.filters.end());
    if (const std::optional<pb::Filter> rate = ConditionOf(bound.word)) counted.push_back(*rate);
    // Error types that occurred more than twice: of errors.
    const bool of_errors = slots_.group == pb::GROUPING_ERROR_TYPE && bound.word == "times";
    if (of_errors) counted.push_back(Outcome(false));
    if (bound.word == "times" && !of_errors) return false;
    SetFigures({FigureOf(pb::MEASURE_RESULTS, bound.share ? pb::STATISTIC_SHARE : pb::STATISTIC_COUNT)});
    // More than 3 prompts over 2 seconds: where no condition stands in the bound, what else is said is counted.
    for (const Slots::Placed& placed : slots_.filters) {
      const bool among = !counted.empty() || IsAttribute(placed.filter.field());
      *(among ? query_.add_among() : query_.add_filters()) = placed.filter;
    }
    slots_.filters.clear();
    for (pb::Filter& filter : counted) *query_.add_filters() = std::move(filter);
  } else {
    const bool rate = IsVerdict(bound.measure);
    // One figure is bounded: a length that names no unit is of characters.
    const bool length = bound.measure == pb::MEASURE_RESPONSE_LENGTH;
    const pb::Measure measure = length ? pb::MEASURE_RESPONSE_CHARACTERS : bound.measure;
    SetFigures({FigureOf(measure, rate ? pb::STATISTIC_SHARE : bound.statistic, bound.number)});
    if (query_.statistic() != pb::STATISTIC_PERCENTILE) query_.clear_percentile();
  }
  pb::GroupBound& having = *query_.mutable_having();
  having.set_comparison(bound.comparison);
  if (bound.number_to) {
    having.set_number(*bound.number_to);
  } else {
    having.set_than_all(true);
  }
  TakeDirection();
  slots_.nouns.clear();
  for (const char* symbol : {"list", "any", "all", "count", "each", "per"}) slots_.Take(symbol);
  TakeGroup();
  return true;
}

// Which categories are slower than average: than the average of all, with their own.
bool Draft::TakeBoundOfAll() {
  if (!slots_.group || slots_.by || slots_.filters.size() != 1 || HasNounOfResults()) return false;
  const pb::Filter& filter = slots_.filters[0].filter;
  const std::optional<pb::Measure> measure = MeasureOf(filter.field());
  if (!filter.has_than() || filter.than_of_size() > 0 || !measure) return false;
  Sense bound;
  bound.measure = *measure;
  bound.statistic = filter.than();
  if (filter.has_number()) bound.number = filter.number();
  bound.comparison = filter.comparison();
  slots_.having = std::move(bound);
  slots_.filters.clear();
  return true;
}

}  // namespace ftl::analytics
