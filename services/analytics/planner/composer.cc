#include "services/analytics/planner/composer.h"

#include <utility>

#include "services/analytics/planner/draft/draft.h"

namespace ftl::analytics {

Composed Compose(Slots slots, const std::optional<pb::Query>& before) {
  const std::vector<std::string> more_formats = slots.more_formats;
  Composed composed = Draft(std::move(slots), before).Compose();
  if (composed.queries.empty()) return composed;
  for (const std::string& format : more_formats) {
    composed.queries.push_back(composed.queries.back());
    composed.queries.back().set_export_format(format);
  }
  return composed;
}

}  // namespace ftl::analytics
