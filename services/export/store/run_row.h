#pragma once

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::exporter {

// What a report tells of a run: all but what is only of use while it is going.
#define FTL_EXPORT_RUN_COLUMNS                                                                                    \
  "r.id::text AS id, r.status, r.model_name, r.test_suite_id::text AS test_suite_id, r.test_suite_name, "         \
  "r.total_prompts, r.completed_prompts, r.failed_prompts, r.started_at, r.completed_at, r.error, r.error_type, " \
  "r.last_sequence, r.config::text AS config"

finetunelab::batch_runner::v1::Run RunOf(const Row& row);

}  // namespace ftl::exporter
