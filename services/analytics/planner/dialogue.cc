#include "services/analytics/planner/dialogue.h"

#include <utility>

#include "services/analytics/planner/edit/editor.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {

bool NamesOne(const pb::Query& query) {
  if (!IsList(query)) return false;
  if (query.has_limit() && query.limit() == 1) return true;
  if (!query.slices().empty()) {
    const pb::Slice& last = query.slices(query.slices_size() - 1);
    if (last.count() == 1 && !last.exclude()) return true;
  }
  for (const auto* filters : {&query.filters(), &query.among()}) {
    for (const pb::Filter& filter : *filters) {
      if (filter.field() == pb::FILTER_FIELD_PROMPT_ID && filter.comparison() == pb::COMPARISON_EQUAL) return true;
    }
  }
  return false;
}

std::optional<pb::Query> Edit(Slots slots, const pb::Query& before) { return Editor(std::move(slots), before).Edit(); }

pb::FilterField SpokenOf(const pb::Query& query) {
  pb::FilterField field = pb::FILTER_FIELD_UNSPECIFIED;
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) {
      if (MeasureOf(filter.field())) field = filter.field();
    }
  }
  return field ? field : RowOf(query.measure()).field;
}

}  // namespace ftl::analytics
