#pragma once

#include <string>

#include <absl/status/status.h>

#include "common/db/params.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl {

// The filters of ListResults, for every service that reads results by them: what is listed is what is exported. Of the
// request nothing but the filters is read.

// Whether there is one.
bool HasResultFilter(const finetunelab::analytics::v1::ListResultsRequest& request);

// INVALID_FIELD for a keyword that is empty or longer than 256 bytes, an unknown verdict, or more than 100,000 prompts.
absl::Status JudgeResultFilter(const finetunelab::analytics::v1::ListResultsRequest& request);

// Each as a condition on a result `r` with ` AND ` before it; their values go to the end of `params`. Empty for none.
std::string ResultFilterSql(const finetunelab::analytics::v1::ListResultsRequest& request, Params& params);

// In the words of the contract, on one line: `success=false, category=billing`. Empty for none; a long list of prompts
// ends with how many there are.
std::string ResultFilterText(const finetunelab::analytics::v1::ListResultsRequest& request);

}  // namespace ftl
