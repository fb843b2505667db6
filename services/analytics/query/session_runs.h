#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::analytics {

// A run as Atlas needs to know it.
struct RunFacts {
  std::string id;
  int number = 0;  // within the session, from 1
  std::string status;
  std::string suite;
  std::string model;
  int32_t total_prompts = 0;
  int32_t completed_prompts = 0;
  int32_t failed_prompts = 0;
  std::optional<absl::Time> started_at;  // when its first prompt was due
  std::optional<absl::Time> ended_at;
  std::string endpoint;  // its host
  finetunelab::batch_runner::v1::RunParameters parameters;

  int32_t results() const { return completed_prompts + failed_prompts; }
  bool is_over() const { return status != "pending" && status != "running"; }
};

// What a question about a session can speak of.
struct SessionRuns {
  std::vector<RunFacts> runs;           // oldest first
  std::vector<std::string> categories;  // of all runs
};

// SESSION_NOT_FOUND, SESSION_EXPIRED. `session` is the hash.
Task<SessionRuns> LoadSessionRuns(Database& database, const CallContext& call, std::string session);

}  // namespace ftl::analytics
