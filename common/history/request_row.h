#pragma once

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/request.pb.h"

namespace ftl {

// The one door by which a row of requests becomes a message, for every service that reads them. A query selects these
// columns from the table under the alias `r`.
#define FTL_LISTED_REQUEST_COLUMNS                                                                                  \
  "r.id::text AS id, r.created_at, r.project, r.kind, r.service, r.key_name, r.model, r.status, r.prompt_preview, " \
  "r.latency_us, r.ttft_us, r.prompt_tokens, r.completion_tokens, r.tokens_estimated, r.cost_nanos, "               \
  "r.finish_reason, r.error_type, r.error, r.replay_of::text AS replay_of"
#define FTL_REQUEST_COLUMNS                                                                                       \
  FTL_LISTED_REQUEST_COLUMNS                                                                                      \
  ", r.messages::text AS messages, r.parameters::text AS parameters, r.response, r.reasoning, r.outcome, "        \
  "r.http_status, r.attempts, r.ttfa_us, r.itl_mean_us, r.tpot_us, r.dns_us, r.connect_us, r.tls_us, r.wait_us, " \
  "r.stream_us, r.total_us, r.client_lag_us, r.buffered, r.cached_tokens, r.reasoning_tokens"

// As a list shows it.
finetunelab::batch_runner::v1::LoggedRequest ListedRequestOf(const Row& row);
// With all that is known.
finetunelab::batch_runner::v1::LoggedRequest RequestOf(const Row& row);

}  // namespace ftl
