#include "services/analytics/history/request_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <absl/algorithm/container.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/history/request_row.h"
#include "common/history/timed_id.h"
#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/analytics/history/rollup.h"
#include "services/analytics/history/total_window.h"
#include "services/analytics/store/page_token.h"

namespace ftl::analytics {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr int32_t kUsualPage = 20;
constexpr int32_t kLargestPage = 1000;
constexpr size_t kLongestQuery = 256;
constexpr int kUsualDays = 7;
constexpr int kMostDays = 366;
// A list looks into the newest days first: partitions that are not asked cost nothing.
constexpr absl::Duration kLooks[] = {absl::Hours(24), absl::Hours(24 * 8), absl::InfiniteDuration()};
// No call is under way for longer.
constexpr absl::Duration kLongestCall = absl::Hours(48);
// Another machine's clock may be ahead.
constexpr absl::Duration kAhead = absl::Hours(1);

constexpr Query kGet{"history.get", "SELECT " FTL_REQUEST_COLUMNS R"(
  FROM requests r WHERE r.owner = $1 AND r.project = $2 AND r.created_at = $3 AND r.id = $4::uuid)"};

constexpr Query kRollups{"history.rollups", R"(
  SELECT starts_at, service, model, status, error_type, requests, prompt_tokens, completion_tokens, with_tokens, cost_nanos,
         with_cost, latency_us, with_latency, ttft_us, with_ttft, latency_buckets::text AS latency_buckets,
         ttft_buckets::text AS ttft_buckets
  FROM request_rollups WHERE owner = $1 AND project = $2 AND grain = $3 AND starts_at >= $4)"};

// Up to so many latencies are read one by one, for exact percentiles.
constexpr int64_t kMostLatencies = 5000;

// The whole first, then each step.
constexpr Query kPercentiles{"history.percentiles", R"(
  SELECT step, latency[1] AS p50, latency[2] AS p95, latency[3] AS p99, ttft[1] AS ttft_p50, ttft[2] AS ttft_p95,
         ttft[3] AS ttft_p99
  FROM (
    SELECT date_trunc($3, created_at, 'UTC') AS step,
           percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_us) AS latency,
           percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ttft_us) AS ttft
    FROM requests WHERE owner = $1 AND project = $2 AND created_at >= $4 AND status = 'success'
    GROUP BY GROUPING SETS ((), (1))
  ) found
  ORDER BY step NULLS FIRST)"};

std::string ProjectOf(bool given, const std::string& project) { return given ? project : "default"; }

absl::Time FromOf(const pb::ListRequestsRequest& request) {
  return request.has_from() ? FromProto(request.from()) : absl::UnixEpoch();
}
absl::Time ToOf(const pb::ListRequestsRequest& request) {
  const absl::Time soon = absl::Now() + kAhead;
  return request.has_to() ? std::min(FromProto(request.to()), soon) : soon;
}

absl::Status Judge(const pb::ListRequestsRequest& request) {
  FieldFaults faults;
  if (request.has_limit() && request.limit() < 1) faults.Add("limit", "must be at least 1");
  if (request.has_query() && (request.query().empty() || request.query().size() > kLongestQuery)) {
    faults.Add("query", fmt::format("must have 1 to {} bytes", kLongestQuery));
  }
  return faults.Verdict();
}

// What was asked, whatever page of it.
std::string QuestionOf(pb::ListRequestsRequest request) {
  request.clear_limit();
  request.clear_page_token();
  return request.SerializeAsString();
}

// Its conditions on rows and counters alike, each with ` AND ` before it; values go to the end of `params`.
std::string FilterSql(const pb::ListRequestsRequest& request, Params& params) {
  std::string sql;
  const auto equals = [&](std::string_view column, const std::string& value) {
    params.Add(value);
    sql += fmt::format(" AND {} = ${}", column, params.values().size());
  };
  if (request.has_model()) equals("r.model", request.model());
  if (request.has_service()) equals("r.service", request.service());
  if (request.has_kind()) equals("r.kind", EnumWord(request.kind()));
  if (request.has_status()) equals("r.status", EnumWord(request.status()));
  return sql;
}

std::string QuerySql(const pb::ListRequestsRequest& request, Params& params) {
  if (!request.has_query()) return "";
  params.Add(request.query());
  const size_t plain = params.values().size();
  // As it stands in JSON.
  std::string quoted;
  AppendJsonString(request.query(), quoted);
  params.Add(std::string_view(quoted).substr(1, quoted.size() - 2));
  return fmt::format(
      " AND (strpos(lower(r.response), lower(${}::text)) > 0 OR strpos(lower(r.messages::text), lower(${}::text)) > 0)",
      plain, plain + 1);
}

std::string WithinSql(std::string_view column, const Span& span, Params& params) {
  params.Add(span.from);
  params.Add(span.to);
  return fmt::format(" AND r.{0} >= ${1} AND r.{0} < ${2}", column, params.values().size() - 1, params.values().size());
}

// Where the list goes on; nullopt for its beginning.
absl::StatusOr<std::optional<PagePlace>> PlaceIn(const pb::ListRequestsRequest& request, std::string_view question) {
  if (request.page_token().empty()) return std::optional<PagePlace>();
  std::optional<PagePlace> place = PlaceOf(request.page_token(), question);
  if (place && TimeOfTimedId(place->test_run_id)) return place;
  FieldFaults faults;
  faults.Add("page_token", "is none of this list; leave it out to begin");
  return faults.Verdict();
}

// As an array's text has them: {1,0,2}.
std::vector<int64_t> BucketsOf(std::string_view text) {
  std::vector<int64_t> counts;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end; ++at) {
    int64_t count = 0;
    const auto read = std::from_chars(at, end, count);
    if (read.ec != std::errc()) continue;
    counts.push_back(count);
    at = read.ptr;
  }
  return counts;
}

Rollup RollupOf(const Row& row) {
  return {.starts_at = row.Get<absl::Time>("starts_at"),
          .service = row.Get<std::string>("service"),
          .model = row.Get<std::string>("model"),
          .status = row.Get<std::string>("status"),
          .error_type = row.Get<std::string>("error_type"),
          .requests = row.Get<int64_t>("requests"),
          .prompt_tokens = row.Get<int64_t>("prompt_tokens"),
          .completion_tokens = row.Get<int64_t>("completion_tokens"),
          .with_tokens = row.Get<int64_t>("with_tokens"),
          .cost_nanos = row.Get<int64_t>("cost_nanos"),
          .with_cost = row.Get<int64_t>("with_cost"),
          .latency_us = row.Get<int64_t>("latency_us"),
          .with_latency = row.Get<int64_t>("with_latency"),
          .ttft_us = row.Get<int64_t>("ttft_us"),
          .with_ttft = row.Get<int64_t>("with_ttft"),
          .latency_buckets = BucketsOf(row.Get<std::string_view>("latency_buckets")),
          .ttft_buckets = BucketsOf(row.Get<std::string_view>("ttft_buckets"))};
}

std::optional<google::protobuf::Duration> SpanIn(const Row& row, std::string_view column) {
  const auto micros = row.Get<std::optional<double>>(column);
  if (!micros) return std::nullopt;
  return ToProto(absl::Microseconds(*micros));
}

void SetPercentiles(const Row& row, pb::GetHistoryAnalyticsResponse& figures) {
  if (const auto span = SpanIn(row, "p50")) *figures.mutable_p50_response_time() = *span;
  if (const auto span = SpanIn(row, "p95")) *figures.mutable_p95_response_time() = *span;
  if (const auto span = SpanIn(row, "p99")) *figures.mutable_p99_response_time() = *span;
  if (const auto span = SpanIn(row, "ttft_p50")) *figures.mutable_ttft()->mutable_p50() = *span;
  if (const auto span = SpanIn(row, "ttft_p95")) *figures.mutable_ttft()->mutable_p95() = *span;
  if (const auto span = SpanIn(row, "ttft_p99")) *figures.mutable_ttft()->mutable_p99() = *span;
}

void SetPercentiles(const Row& row, pb::HistoryStep& step) {
  if (const auto span = SpanIn(row, "p50")) *step.mutable_p50_response_time() = *span;
  if (const auto span = SpanIn(row, "p95")) *step.mutable_p95_response_time() = *span;
}

// Puts what the calls themselves say in the place of what is counted of them.
void MakeExact(const Rows& rows, pb::GetHistoryAnalyticsResponse& figures) {
  for (const Row row : rows) {
    const auto starts_at = row.Get<std::optional<absl::Time>>("step");
    if (!starts_at) {
      SetPercentiles(row, figures);
      continue;
    }
    const auto step = absl::c_find_if(*figures.mutable_series(), [&](const pb::HistoryStep& each) {
      return FromProto(each.starts_at()) == *starts_at;
    });
    if (step != figures.mutable_series()->end()) SetPercentiles(row, *step);
  }
  figures.set_percentile_method("linear");
}

}  // namespace

Task<pb::ListRequestsResponse> RequestLog::List(const CallContext& call, const pb::ListRequestsRequest& request) {
  CO_TRY(Judge(request));
  const std::string question = QuestionOf(request);
  CO_TRY(const std::optional<PagePlace> place, PlaceIn(request, question));
  const int32_t page = std::min(request.has_limit() ? request.limit() : kUsualPage, kLargestPage);
  CO_TRY(const Rows rows, co_await Read(call, request, place, page + 1));
  int64_t total = 0;
  if (place && place->total) {
    total = *place->total;
  } else {
    CO_TRY(total, co_await Count(call, request));
  }
  pb::ListRequestsResponse response;
  response.set_total(total);
  for (int i = 0; i < std::min(rows.size(), page); ++i) *response.add_requests() = ListedRequestOf(rows[i]);
  if (rows.size() > page) {
    const PagePlace next{.test_run_id = response.requests().rbegin()->id(), .total = total};
    response.set_next_page_token(PageToken(next, question));
  }
  co_return response;
}

Task<Rows> RequestLog::Read(const CallContext& call, const pb::ListRequestsRequest& request,
                            const std::optional<PagePlace>& place, int most) {
  const absl::Time from = FromOf(request);
  const absl::Time after = place ? *TimeOfTimedId(place->test_run_id) : ToOf(request);
  const absl::Time to = place ? after + absl::Milliseconds(1) : after;
  for (const absl::Duration look : kLooks) {
    const absl::Time back_to = std::max(from, to - look);
    Params params(request.owner(), ProjectOf(request.has_project(), request.project()));
    std::string sql = "SELECT " FTL_LISTED_REQUEST_COLUMNS " FROM requests r WHERE r.owner = $1 AND r.project = $2";
    sql += WithinSql("created_at", {back_to, to}, params);
    sql += FilterSql(request, params);
    sql += QuerySql(request, params);
    if (place) {
      params.Add(after);
      params.Add(place->test_run_id);
      const size_t last = params.values().size();
      sql += fmt::format(" AND (r.created_at, r.id) < (${}, ${}::uuid)", last - 1, last);
    }
    sql += fmt::format(" ORDER BY r.created_at DESC, r.id DESC LIMIT {}", most);
    CO_TRY(Rows rows,
           co_await database_.Run(call.deadline, SessionScope(request.owner()), Query{"", sql}, std::move(params)));
    if (rows.size() == most || back_to == from) co_return rows;
  }
  co_return absl::InternalError("the last look is the longest");
}

Task<int64_t> RequestLog::Count(const CallContext& call, const pb::ListRequestsRequest& request) {
  const std::string project = ProjectOf(request.has_project(), request.project());
  const TotalWindow window(FromOf(request), ToOf(request));
  Params params(request.owner(), project);
  std::vector<std::string> counts;
  const auto add = [&counts](std::string_view what, std::string_view where) {
    counts.push_back(fmt::format("(SELECT {} r WHERE r.owner = $1 AND r.project = $2{})", what, where));
  };
  if (request.has_query()) {
    add("count(*) FROM requests", WithinSql("created_at", {FromOf(request), ToOf(request)}, params) +
                                      FilterSql(request, params) + QuerySql(request, params));
  } else {
    const std::string filter = FilterSql(request, params);
    const auto add_span = [&](std::string_view what, std::string_view column, const Span& span, std::string_view more) {
      if (span.from < span.to) add(what, filter + std::string(more) + WithinSql(column, span, params));
    };
    constexpr std::string_view kCounted = "coalesce(sum(r.requests), 0) FROM request_rollups";
    constexpr std::string_view kRows = "count(*) FROM requests";
    add_span(kCounted, "starts_at", window.days, " AND r.grain = 'day'");
    add_span(kCounted, "starts_at", window.hours_before, " AND r.grain = 'hour'");
    add_span(kCounted, "starts_at", window.hours_behind, " AND r.grain = 'hour'");
    add_span(kRows, "created_at", window.rows_before, " AND r.status <> 'in_progress'");
    add_span(kRows, "created_at", window.rows_behind, " AND r.status <> 'in_progress'");
    const Span open{std::max(FromOf(request), absl::Now() - kLongestCall), ToOf(request)};
    add_span(kRows, "created_at", open, " AND r.status = 'in_progress'");
    if (counts.empty()) co_return 0;
  }
  const std::string sql = fmt::format("SELECT ({})::bigint AS total", absl::StrJoin(counts, " + "));
  CO_TRY(const Rows rows,
         co_await database_.Run(call.deadline, SessionScope(request.owner()), Query{"", sql}, std::move(params)));
  co_return rows.Only().Get<int64_t>("total");
}

Task<runner::LoggedRequest> RequestLog::Get(const CallContext& call, const pb::GetRequestRequest& request) {
  const auto moment = TimeOfTimedId(request.id());
  if (!moment) co_return Refuse(Reason::kNotFound, "There is no such call in the history.");
  const Params params(request.owner(), ProjectOf(request.has_project(), request.project()), *moment, request.id());
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(request.owner()), kGet, params));
  if (rows.empty()) co_return Refuse(Reason::kNotFound, "There is no such call in the history.");
  co_return RequestOf(rows[0]);
}

Task<pb::GetHistoryAnalyticsResponse> RequestLog::Analyze(const CallContext& call,
                                                          const pb::GetHistoryAnalyticsRequest& request) {
  const int days = request.has_days() ? request.days() : kUsualDays;
  FieldFaults faults;
  if (days < 1 || days > kMostDays) faults.Add("days", fmt::format("must be 1 to {}", kMostDays));
  CO_TRY(faults.Verdict());
  const RollupWindow window = LastDays(days, absl::Now());
  const Params params(request.owner(), ProjectOf(request.has_project(), request.project()),
                      window.by_hour ? "hour" : "day", window.from);
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(request.owner()), kRollups, params));
  std::vector<Rollup> rollups;
  rollups.reserve(static_cast<size_t>(rows.size()));
  for (const Row row : rows) rollups.push_back(RollupOf(row));
  pb::GetHistoryAnalyticsResponse figures = FiguresOf(rollups, window);
  int64_t latencies = 0;
  for (const Rollup& rollup : rollups) latencies += rollup.with_latency;
  if (latencies <= kMostLatencies) {
    CO_TRY(const Rows exact,
           co_await database_.Run(call.deadline, SessionScope(request.owner()), kPercentiles, params));
    MakeExact(exact, figures);
  }
  co_return figures;
}

}  // namespace ftl::analytics
