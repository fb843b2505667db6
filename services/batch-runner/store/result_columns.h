#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/db/params.h"
#include "common/db/row.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// The door between results and the columns of demo_batch_test_results.

// Their names as a list, each behind `prefix`: `response, success, …` or `r.response, r.success, …`.
std::string ResultColumnNames(std::string_view prefix);
// The arrays of a statement that hold them, one for each column in the same order, the first in parameter
// `first_parameter`: `$8::text[], $9::boolean[], …`; and the one of the column `name`.
std::string ResultColumnValues(int first_parameter);
std::string ResultColumnValue(std::string_view name, int first_parameter);
// Adds these arrays.
void AddResultColumns(const std::vector<FinishedPrompt>& finished, Params& params);

}  // namespace ftl::batch_runner
