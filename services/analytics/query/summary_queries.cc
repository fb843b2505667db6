#include "services/analytics/query/summary_queries.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

pb::Query SlowestQuery() {
  pb::Query query;
  query.set_measure(pb::MEASURE_LATENCY);
  query.set_statistic(pb::STATISTIC_LIST);
  query.set_order(pb::ORDER_DESCENDING);
  query.set_limit(1);
  return query;
}

pb::Query CutAnswersQuery() {
  pb::Query query;
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_COUNT);
  pb::Filter& filter = *query.add_filters();
  filter.set_field(pb::FILTER_FIELD_FINISH_REASON);
  filter.set_comparison(pb::COMPARISON_EQUAL);
  filter.set_text("length");
  return query;
}

pb::Query WithoutTextQuery() {
  pb::Query query;
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_COUNT);
  pb::Filter& filter = *query.add_filters();
  pb::Filter& outcome = *filter.add_any_of();
  outcome.set_field(pb::FILTER_FIELD_OUTCOME);
  outcome.set_comparison(pb::COMPARISON_IN);
  for (const char* word : {"length_empty", "empty", "reasoning_only"}) outcome.add_texts(word);
  pb::Filter& length = *filter.add_any_of();
  length.set_field(pb::FILTER_FIELD_RESPONSE_CHARACTERS);
  length.set_comparison(pb::COMPARISON_LESS_OR_EQUAL);
  length.set_number(0);
  return query;
}

}  // namespace ftl::analytics
