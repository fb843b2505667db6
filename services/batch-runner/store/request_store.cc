#include "services/batch-runner/store/request_store.h"

#include <cmath>
#include <optional>
#include <utility>

#include <absl/time/civil_time.h>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/history/request_row.h"
#include "common/history/timed_id.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"

namespace ftl::batch_runner {
namespace {

constexpr Query kBegin{"request.begin", R"(
  INSERT INTO requests (owner, project, created_at, id, process, kind, service, key_name, model, prompt_preview, messages,
                        parameters, replay_of)
  VALUES ($1, $2, $3, $4::uuid, $5::uuid, $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13::uuid))"};

// An owner's calls of a project end beside each other, but none while the last day is counted anew.
#define FTL_ENDINGS "(hashtextextended('endings of requests/' || $1::text || '/' || $2::text, 0))"
constexpr Query kEndBesideOthers{"request.end_beside_others", "SELECT pg_advisory_xact_lock_shared" FTL_ENDINGS};
constexpr Query kHoldEndings{"request.hold_endings", "SELECT pg_advisory_xact_lock" FTL_ENDINGS};

// Hours before days and never the other way round, so that two processes wait for each other's rows in one order. Not
// by its status, which would lead to the index of all calls under way.
constexpr Query kComplete{"request.complete", R"(
  WITH ended AS (
    UPDATE requests SET
      status = $5, completed_at = now(), response = $6, reasoning = $7, finish_reason = $8, outcome = $9, error_type = $10,
      error = $11, http_status = $12, attempts = $13, latency_us = $14, ttft_us = $15, ttfa_us = $16, itl_mean_us = $17,
      tpot_us = $18, dns_us = $19, connect_us = $20, tls_us = $21, wait_us = $22, stream_us = $23, total_us = $24,
      client_lag_us = $25, buffered = $26, prompt_tokens = $27, completion_tokens = $28, reasoning_tokens = $29,
      cached_tokens = $30, tokens_estimated = $31, cost_nanos = $32
    WHERE owner = $1 AND project = $2 AND created_at = $3 AND id = $4::uuid AND completed_at IS NULL
    RETURNING kind, service, model, status, coalesce(error_type, '') AS error_type,
              coalesce(prompt_tokens, 0) AS prompt_tokens, coalesce(completion_tokens, 0) AS completion_tokens,
              (prompt_tokens IS NOT NULL)::int AS with_tokens, coalesce(cost_nanos, 0) AS cost_nanos,
              (cost_nanos IS NOT NULL)::int AS with_cost,
              CASE WHEN status = 'success' THEN latency_us END AS latency_us,
              CASE WHEN status = 'success' THEN latency_bucket(latency_us) END AS latency_bucket,
              CASE WHEN status = 'success' THEN ttft_us END AS ttft_us,
              CASE WHEN status = 'success' THEN latency_bucket(ttft_us) END AS ttft_bucket)
  INSERT INTO request_rollups AS kept
    (owner, project, grain, starts_at, kind, service, model, status, error_type, requests, prompt_tokens, completion_tokens,
     with_tokens, cost_nanos, with_cost, latency_us, with_latency, ttft_us, with_ttft, latency_buckets, ttft_buckets)
  SELECT $1, $2, g.grain, date_trunc(g.grain, $3::timestamptz, 'UTC'), e.kind, e.service, e.model, e.status, e.error_type, 1,
         e.prompt_tokens, e.completion_tokens, e.with_tokens, e.cost_nanos, e.with_cost, coalesce(e.latency_us, 0),
         (e.latency_us IS NOT NULL)::int, coalesce(e.ttft_us, 0), (e.ttft_us IS NOT NULL)::int,
         count_in_bucket('{}', e.latency_bucket), count_in_bucket('{}', e.ttft_bucket)
  FROM ended e CROSS JOIN LATERAL (VALUES ('hour'), ('day')) g(grain)
  ON CONFLICT (owner, project, grain, starts_at, kind, service, model, status, error_type) DO UPDATE SET
    requests = kept.requests + 1,
    prompt_tokens = kept.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = kept.completion_tokens + excluded.completion_tokens,
    with_tokens = kept.with_tokens + excluded.with_tokens,
    cost_nanos = kept.cost_nanos + excluded.cost_nanos,
    with_cost = kept.with_cost + excluded.with_cost,
    latency_us = kept.latency_us + excluded.latency_us,
    with_latency = kept.with_latency + excluded.with_latency,
    ttft_us = kept.ttft_us + excluded.ttft_us,
    with_ttft = kept.with_ttft + excluded.with_ttft,
    latency_buckets = count_in_bucket(kept.latency_buckets, array_length(excluded.latency_buckets, 1)),
    ttft_buckets = count_in_bucket(kept.ttft_buckets, array_length(excluded.ttft_buckets, 1)))"};

constexpr Query kGet{"request.get", "SELECT " FTL_REQUEST_COLUMNS R"(
  FROM requests r WHERE r.owner = $1 AND r.project = $2 AND r.created_at = $3 AND r.id = $4::uuid)"};

constexpr Query kDelete{"request.delete", R"(
  DELETE FROM requests WHERE owner = $1 AND project = $2 AND created_at < $3 AND status <> 'in_progress')"};
constexpr Query kDeleteRollups{"request.delete_rollups", R"(
  DELETE FROM request_rollups WHERE owner = $1 AND project = $2 AND starts_at < $3)"};
// What remains of the day that $3 is in, by the day and by the hour: by the latter only up to the end of $4, hour or
// day.
constexpr Query kCountAnew{"request.count_anew", R"(
  INSERT INTO request_rollups
    (owner, project, grain, starts_at, kind, service, model, status, error_type, requests, prompt_tokens, completion_tokens,
     with_tokens, cost_nanos, with_cost, latency_us, with_latency, ttft_us, with_ttft, latency_buckets, ttft_buckets)
  SELECT $1, $2, g.grain, date_trunc(g.grain, r.created_at, 'UTC') AS starts_at, kind, service, model, status,
         coalesce(error_type, ''), count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),
         count(prompt_tokens), coalesce(sum(cost_nanos), 0), count(cost_nanos),
         coalesce(sum(latency_us) FILTER (WHERE status = 'success'), 0), count(latency_us) FILTER (WHERE status = 'success'),
         coalesce(sum(ttft_us) FILTER (WHERE status = 'success'), 0), count(ttft_us) FILTER (WHERE status = 'success'),
         coalesce(bucket_counts(latency_bucket(latency_us)) FILTER (WHERE status = 'success'), '{}'),
         coalesce(bucket_counts(latency_bucket(ttft_us)) FILTER (WHERE status = 'success'), '{}')
  FROM requests r CROSS JOIN (VALUES ('hour', $4::text), ('day', 'day')) g(grain, until)
  WHERE r.owner = $1 AND r.project = $2 AND r.status <> 'in_progress'
    AND r.created_at >= $3 AND r.created_at < date_trunc(g.until, $3::timestamptz, 'UTC') + ('1 ' || g.until)::interval
  GROUP BY g.grain, 4, kind, service, model, status, coalesce(error_type, ''))"};

// The columns of an end, and those of a beginning. Made by no process of this installation.
constexpr Query kImport{"request.import", R"(
  INSERT INTO requests
    (owner, project, created_at, id, status, response, reasoning, finish_reason, outcome, error_type, error, http_status,
     attempts, latency_us, ttft_us, ttfa_us, itl_mean_us, tpot_us, dns_us, connect_us, tls_us, wait_us, stream_us, total_us,
     client_lag_us, buffered, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, tokens_estimated, cost_nanos,
     kind, service, key_name, model, prompt_preview, messages, process, completed_at)
  VALUES ($1, $2, $3, $4::uuid, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
          $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38::jsonb,
          '00000000-0000-0000-0000-000000000000', $3::timestamptz + coalesce($14::bigint, 0) * interval '1 microsecond')
  ON CONFLICT DO NOTHING)"};
constexpr Query kCountMissing{"request.count_missing", R"(
  SELECT count(*) AS missing FROM unnest($3::uuid[], $4::timestamptz[]) wanted(id, at)
  WHERE NOT EXISTS (SELECT FROM requests r WHERE r.owner = $1 AND r.project = $2 AND r.created_at = wanted.at
                      AND r.id = wanted.id))"};
constexpr Query kDeleteDayRollups{"request.delete_day_rollups", R"(
  DELETE FROM request_rollups
  WHERE owner = $1 AND project = $2 AND starts_at >= $3 AND starts_at < $3::timestamptz + interval '24 hours')"};
constexpr Query kPrepareDay{"request.prepare_day", "SELECT prepare_request_day($1::date)"};

constexpr Query kRenewLease{"request.renew_lease", R"(
  INSERT INTO request_writers VALUES ($1::uuid, now() + $2 * interval '1 millisecond')
  ON CONFLICT (process) DO UPDATE SET lease_until = excluded.lease_until)"};
constexpr Query kForgetWriters{"request.forget_writers", R"(
  DELETE FROM request_writers WHERE lease_until < now() - interval '1 hour')"};
constexpr Query kFindAbandoned{"request.find_abandoned", R"(
  SELECT owner, project, id::text AS id FROM abandoned_requests())"};
constexpr Query kPrepareDays{"request.prepare_days", "SELECT prepare_request_days()"};
constexpr Query kDropDays{"request.drop_days", "SELECT drop_request_days($1::int)"};
constexpr Query kForgetRollups{"request.forget_rollups", "SELECT forget_request_rollups($1::int)"};

constexpr double kNanosPerDollar = 1e9;

// Commits of one owner's calls of one model wait for the same counters.
std::string PlaceOf(const std::string& owner, const pb::LoggedRequest& request) {
  return fmt::format("{}/{}/{}/{}", owner, request.project(), request.service(), request.model());
}

absl::StatusOr<absl::Time> MomentOf(const std::string& id) {
  const auto moment = TimeOfTimedId(id);
  if (!moment) return Refuse(Reason::kNotFound, "There is no such call in the history.");
  return *moment;
}

std::optional<std::string> MessagesJson(const pb::LoggedRequest& request) {
  if (request.messages().empty()) return std::nullopt;
  std::string json = "[";
  for (const pb::PromptMessage& message : request.messages()) {
    if (json.size() > 1) json += ',';
    WriteMessage(message, json);
  }
  return json + "]";
}

std::optional<std::string> OptionalText(bool present, const std::string& text) {
  return present ? std::optional(text) : std::nullopt;
}
std::optional<int64_t> OptionalNumber(bool present, int64_t number) {
  return present ? std::optional(number) : std::nullopt;
}
std::optional<int64_t> Micros(bool present, const google::protobuf::Duration& span) {
  if (!present) return std::nullopt;
  return google::protobuf::util::TimeUtil::DurationToMicroseconds(span);
}

#define FTL_TEXT(field) OptionalText(request.has_##field(), request.field())
#define FTL_COUNT(field) OptionalNumber(request.has_##field(), request.field())
#define FTL_MICROS(message, field) Micros((message).has_##field(), (message).field())

Params EndColumns(const std::string& owner, absl::Time moment, const pb::LoggedRequest& request) {
  const auto& timing = request.timing();
  Params params(owner, request.project(), moment, request.id(), EnumWord(request.status()), FTL_TEXT(response),
                FTL_TEXT(reasoning), FTL_TEXT(finish_reason));
  params.Add(OptionalText(request.has_outcome(), EnumWord(request.outcome())));
  params.Add(OptionalText(request.has_error_type(), EnumWord(request.error_type())));
  params.Add(FTL_TEXT(error));
  params.Add(FTL_COUNT(http_status));
  params.Add(FTL_COUNT(attempts));
  params.Add(FTL_MICROS(request, response_time));
  params.Add(FTL_MICROS(request, ttft));
  params.Add(FTL_MICROS(timing, ttfa));
  params.Add(FTL_MICROS(timing, itl_mean));
  params.Add(FTL_MICROS(timing, tpot));
  params.Add(FTL_MICROS(timing, dns));
  params.Add(FTL_MICROS(timing, connect));
  params.Add(FTL_MICROS(timing, tls));
  params.Add(FTL_MICROS(timing, wait));
  params.Add(FTL_MICROS(timing, stream));
  params.Add(FTL_MICROS(request, total));
  params.Add(FTL_MICROS(request, client_lag));
  params.Add(timing.buffered());
  params.Add(FTL_COUNT(prompt_tokens));
  params.Add(FTL_COUNT(completion_tokens));
  params.Add(FTL_COUNT(reasoning_tokens));
  params.Add(FTL_COUNT(cached_tokens));
  params.Add(request.tokens_estimated());
  params.Add(OptionalNumber(request.has_cost(), std::llround(request.cost() * kNanosPerDollar)));
  return params;
}

}  // namespace

Task<> RequestStore::Begin(Deadline deadline, const std::string& owner, const pb::LoggedRequest& request) {
  CO_TRY(const absl::Time moment, MomentOf(request.id()));
  Params params(owner, request.project(), moment, request.id(), process_, EnumWord(request.kind()), request.service(),
                request.key_name(), request.model(), FTL_TEXT(prompt_preview), MessagesJson(request),
                ToJson(request.parameters()), FTL_TEXT(replay_of));
  std::vector<Statement> statements = {{kBegin, std::move(params)}};
  const auto stored =
      co_await commits_.RunAll(deadline, SessionScope(owner), PlaceOf(owner, request), std::move(statements));
  co_return stored.status();
}

Task<> RequestStore::Complete(Deadline deadline, const std::string& owner, const pb::LoggedRequest& request) {
  CO_TRY(const absl::Time moment, MomentOf(request.id()));
  std::vector<Statement> statements = {{kEndBesideOthers, Params(owner, request.project())},
                                       {kComplete, EndColumns(owner, moment, request)}};
  const auto stored =
      co_await commits_.RunAll(deadline, SessionScope(owner), PlaceOf(owner, request), std::move(statements));
  co_return stored.status();
}

Task<int64_t> RequestStore::Import(Deadline deadline, std::string owner, const std::vector<pb::LoggedRequest>& requests,
                                   bool dry_run) {
  if (requests.empty()) co_return 0;
  const std::string& project = requests.front().project();
  std::vector<std::string> ids;
  std::vector<absl::Time> moments;
  for (const pb::LoggedRequest& request : requests) {
    CO_TRY(moments.emplace_back(), MomentOf(request.id()));
    ids.push_back(request.id());
  }
  CO_TRY(const Rows counted,
         co_await database_.Run(deadline, SessionScope(owner), kCountMissing, Params(owner, project, ids, moments)));
  const auto missing = counted.Only().Get<int64_t>("missing");
  if (dry_run || missing == 0) co_return missing;
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::CivilDay day = absl::ToCivilDay(moments.front(), utc);
  const absl::Time begin = absl::FromCivil(day, utc);
  CO_TRY(co_await database_.Run(deadline, SessionScope::None(), kPrepareDay, Params(absl::FormatCivilTime(day))));
  std::vector<Statement> statements = {{kHoldEndings, Params(owner, project)}};
  for (size_t i = 0; i < requests.size(); ++i) {
    const pb::LoggedRequest& request = requests[i];
    Params columns = EndColumns(owner, moments[i], request);
    columns.Add(EnumWord(request.kind()));
    columns.Add(request.service());
    columns.Add(request.key_name());
    columns.Add(request.model());
    columns.Add(FTL_TEXT(prompt_preview));
    columns.Add(MessagesJson(request));
    statements.push_back({kImport, std::move(columns)});
  }
  statements.push_back({kDeleteDayRollups, Params(owner, project, begin)});
  statements.push_back({kCountAnew, Params(owner, project, begin, "day")});
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  int64_t stored = 0;
  for (size_t i = 1; i <= requests.size(); ++i) stored += rows[i].affected();
  co_return stored;
}

Task<pb::LoggedRequest> RequestStore::Get(Deadline deadline, std::string owner, std::string project, std::string id) {
  CO_TRY(const absl::Time moment, MomentOf(id));
  CO_TRY(const Rows rows,
         co_await database_.Run(deadline, SessionScope(owner), kGet, Params(owner, project, moment, id)));
  if (rows.empty()) co_return Refuse(Reason::kNotFound, "There is no such call in the history.");
  co_return RequestOf(rows[0]);
}

Task<int64_t> RequestStore::DeleteBefore(Deadline deadline, std::string owner, std::string project, absl::Time before) {
  const Params params(owner, project, before);
  std::vector<Statement> statements = {{kHoldEndings, Params(owner, project)},
                                       {kDelete, params},
                                       {kDeleteRollups, params},
                                       {kCountAnew, Params(owner, project, before, "hour")}};
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  co_return rows[1].affected();
}

Task<> RequestStore::RenewLease(Deadline deadline, absl::Duration lease) {
  std::vector<Statement> statements = {{kRenewLease, Params(process_, absl::ToInt64Milliseconds(lease))},
                                       {kForgetWriters, {}}};
  const auto renewed = co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements));
  co_return renewed.status();
}

Task<std::vector<RequestStore::Abandoned>> RequestStore::FindAbandoned(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kFindAbandoned));
  std::vector<Abandoned> abandoned;
  for (const Row row : rows) {
    abandoned.emplace_back().owner = row.Get<std::string>("owner");
    abandoned.back().request.set_project(row.Get<std::string>("project"));
    abandoned.back().request.set_id(row.Get<std::string>("id"));
  }
  co_return abandoned;
}

Task<> RequestStore::PrepareDays(Deadline deadline) {
  const auto made = co_await database_.Run(deadline, SessionScope::None(), kPrepareDays);
  co_return made.status();
}

Task<> RequestStore::DropDays(Deadline deadline, int days) {
  if (days == 0) co_return absl::OkStatus();
  std::vector<Statement> statements = {{kDropDays, Params(days)}, {kForgetRollups, Params(days)}};
  const auto dropped = co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements));
  co_return dropped.status();
}

}  // namespace ftl::batch_runner
