#pragma once

#include <string_view>
#include <utility>

#include "common/db/params.h"

namespace ftl {

// A statement and its name. Queries are constants in store/:
//   constexpr Query kFinishRun{"run.finish", R"(
//     UPDATE demo_batch_test_runs SET status = $2, completed_at = now() WHERE id = $1 AND status = 'running')"};
// A named one is prepared once per connection, so a name belongs to one text for ever. Text built at run time has an
// empty name and is planned anew each time; its bytes must outlive the call.
struct Query {
  std::string_view name;
  std::string_view sql;
};

// A query with its values: one step of a pipeline.
struct Statement {
  Query query;
  Params params;
};

}  // namespace ftl
