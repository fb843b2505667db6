#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The columns that RunOf reads, of demo_batch_test_runs AS r.
#define FTL_RUN_COLUMNS                                                                                           \
  "r.id::text AS id, r.status, r.model_name, r.test_suite_id::text AS test_suite_id, r.test_suite_name, "         \
  "r.total_prompts, "                                                                                             \
  "r.completed_prompts, r.failed_prompts, r.started_at, r.completed_at, r.error, r.error_type, r.last_sequence, " \
  "r.config::text AS config, r.paused_until, r.paused_until > now() AS is_paused, extract(epoch FROM now() - "    \
  "r.started_at)::float8 AS running_seconds, "                                                                    \
  "ARRAY(SELECT p::text FROM demo_run_leases l, unnest(l.prompts) AS p WHERE l.demo_session_id = "                \
  "r.demo_session_id AND l.test_run_id = r.id AND l.lease_until > now() ORDER BY p LIMIT 256) AS running_prompt_ids"

// The door between rows of runs and messages.
pb::Run RunOf(const Row& row);
std::string ParametersToJson(const pb::RunParameters& parameters);

// The word that a column holds: `running` for RUN_STATUS_RUNNING; nullopt for the zero value.
std::string StatusWord(pb::RunStatus status);
pb::RunStatus StatusOfWord(std::string_view word);
bool HasEnded(pb::RunStatus status);
std::optional<std::string> DifficultyWord(pb::Difficulty difficulty);
std::optional<std::string> ErrorTypeWord(finetunelab::endpoint::v1::ErrorType type);
std::optional<std::string> OutcomeWord(finetunelab::endpoint::v1::Outcome outcome);

}  // namespace ftl::batch_runner
