#pragma once

#include <string_view>

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/result.pb.h"

namespace ftl::analytics {

// The columns of demo_batch_test_results, called r, that make a Result.
extern const std::string_view kResultColumns;

// The one door from rows to results. The row has kResultColumns.
finetunelab::batch_runner::v1::Result ResultOf(const Row& row);

}  // namespace ftl::analytics
