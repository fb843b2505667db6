#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/db/query.h"
#include "common/db/row.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/store/page_token.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

// A page of results as statements: pages of at most `page_size` results and 2 MiB, each going on after the last row of
// the one before, so that any depth costs the same and no result is skipped or told twice while more arrive.

// The size that is meant: 0 is 50, more than 1,000 is 1,000. INVALID_FIELD for less than 0.
absl::StatusOr<int32_t> PageSizeOf(int32_t asked);

// What the text of the statements must outlive: the pipeline that runs them.
struct PageQuestion {
  std::vector<Statement> statements;  // the page
  std::vector<std::string> texts;
};

// What is ordered by, as a bigint of the results `r`; results without it come last in either direction.
std::string SortKeySql(finetunelab::analytics::v1::SortBy sort_by, bool descending);
// A page of the SELECT, which gives kResultColumns and `key` and one row more than the page where more follow.
std::string CutToPage(std::string_view select, std::string_view order, int32_t page_size);

// How many results there are in all, as `total`: from the counters of the runs where nothing is filtered, so that it
// costs nothing, else counted.
PageQuestion AskTotal(const RunScope& scope, const finetunelab::analytics::v1::ListResultsRequest& request);

// Ordered and filtered as asked. `place` is the end of the page before.
PageQuestion AskPage(const RunScope& scope, const finetunelab::analytics::v1::ListResultsRequest& request,
                     int32_t page_size, const std::optional<PagePlace>& place);
// Prompt or answer contains `keyword`, ignoring case.
Statement AskSearchPage(const RunScope& scope, std::string_view keyword, int32_t page_size,
                        const std::optional<PagePlace>& place);

// What a page holds.
struct ResultPage {
  std::vector<finetunelab::batch_runner::v1::Result> results;
  std::optional<PagePlace> next;  // its last row, where more follow
};
ResultPage PageOf(const Rows& rows);

}  // namespace ftl::analytics
