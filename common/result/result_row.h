#pragma once

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/result.pb.h"

namespace ftl {

// The one door by which a row of demo_batch_test_results becomes a Result, for every service that reads them. A query
// selects these columns from the table under the alias `r`:
//   constexpr Query kPage{"result.page", "SELECT " FTL_RESULT_COLUMNS " FROM demo_batch_test_results r WHERE …"};
#define FTL_RESULT_COLUMNS                                                                                        \
  "r.prompt_id, r.test_run_id::text AS test_run_id, r.sequence, r.prompt, r.category, r.difficulty, r.response, " \
  "r.success, "                                                                                                   \
  "r.outcome, r.error, r.error_type, r.http_status, r.model_id, r.finish_reason, r.attempts, r.latency_us, "      \
  "r.ttft_us, "                                                                                                   \
  "r.ttfa_us, r.itl_mean_us, r.tpot_us, r.dns_us, r.connect_us, r.tls_us, r.wait_us, r.stream_us, r.total_us, "   \
  "r.client_lag_us, r.buffered, r.input_tokens, r.output_tokens, r.reasoning_tokens, r.cached_tokens, "           \
  "r.tokens_estimated, "                                                                                          \
  "r.checks::text AS checks, r.created_at"

finetunelab::batch_runner::v1::Result ResultOf(const Row& row);

}  // namespace ftl
