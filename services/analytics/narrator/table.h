#pragma once

#include "finetunelab/analytics/v1/answer.pb.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// The name of the tool that answers a query, as API and models see it.
std::string ToolOf(const pb::Query& query);

// What came of a query as rows, and as a chart where one says more. Without its id. Numbers have up to three decimals.
pb::ToolResult TableOf(const Finding& finding);

}  // namespace ftl::analytics
