#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/db/params.h"
#include "common/db/row.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// The door between results and the columns of demo_batch_test_results.

// $1 session, $2 run, then one array for each column in the order of work.store.
Params ResultColumns(std::string_view session, std::string_view test_run_id,
                     const std::vector<FinishedPrompt>& finished);

}  // namespace ftl::batch_runner
