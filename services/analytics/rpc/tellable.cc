#include "services/analytics/rpc/tellable.h"

#include <algorithm>
#include <utility>

namespace ftl::analytics {
namespace {

bool IsKnown(const pb::Filter& filter) {
  return filter.any_of().empty() && filter.field() <= pb::FILTER_FIELD_TOKENS_PER_SECOND &&
         filter.comparison() <= pb::COMPARISON_IN;
}

bool IsKnown(const pb::Query& query) {
  return query.measure() <= pb::MEASURE_ITL && query.statistic() <= pb::STATISTIC_SUMMARY &&
         query.group_by() <= pb::GROUPING_HALF && query.among().empty() && query.slices().empty() && !query.whole() &&
         query.per_group() == 0 &&
         std::all_of(query.filters().begin(), query.filters().end(),
                     [](const pb::Filter& filter) { return IsKnown(filter); });
}

// A count among others is one of the last filter.
pb::Query Plain(pb::Query query) {
  if (!query.slices().empty() || query.filters_size() != 1) return query;
  query.mutable_among()->MergeFrom(query.filters());
  query.mutable_filters()->Swap(query.mutable_among());
  query.clear_among();
  return query;
}

}  // namespace

Understanding Tellable(Understanding understanding) {
  if (understanding.queries.size() == 1) understanding.queries = {Plain(understanding.queries[0])};
  if (understanding.queries.size() != 1 || !IsKnown(understanding.queries[0])) understanding.queries.clear();
  return understanding;
}

}  // namespace ftl::analytics
