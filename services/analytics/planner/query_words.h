#pragma once

#include <string>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// A query on one line, for tests: `mean latency | success=false, category=billing | by category | desc 3 | chart`.
std::string QueryWords(const finetunelab::analytics::v1::Query& query);

}  // namespace ftl::analytics
