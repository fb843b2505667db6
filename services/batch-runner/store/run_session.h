#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "common/db/query.h"
#include "common/db/row.h"

namespace ftl::batch_runner {

// A session as a run needs to know it.
struct RunSession {
  std::string model_name;
  bool connection_tested;
  bool forget_key_after_run;
  bool key_forgotten;                    // or due to be, since a run has ended
  int64_t prompts_used;                  // by all its runs
  std::optional<int32_t> calls_allowed;  // at a time, since the endpoint asked to slow down
};

// The statements that give it, for pipelines that need more, and what the rows of them say, which come first:
// SESSION_NOT_FOUND, SESSION_EXPIRED.
std::vector<Statement> AskRunSession(std::string_view session);
absl::StatusOr<RunSession> RunSessionFrom(std::span<const Rows> rows);

}  // namespace ftl::batch_runner
