#include "services/analytics/rpc/analytics_service.h"

#include <optional>
#include <string>
#include <vector>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/time/proto_time.h"
#include "services/analytics/metrics/histogram.h"
#include "services/analytics/metrics/run_metrics.h"
#include "services/analytics/rpc/ask.h"
#include "services/analytics/rpc/suggest.h"
#include "services/analytics/rpc/summarize.h"
#include "services/analytics/store/result_pages.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestKeyword = 256;

google::protobuf::Duration SpanOf(double milliseconds) { return ToProto(absl::Milliseconds(milliseconds)); }

// What a page token is good for: the request without the page.
template <typename Request>
std::string QuestionOf(Request request) {
  request.clear_page_size();
  request.clear_page_token();
  return request.SerializeAsString();
}

absl::StatusOr<std::optional<PagePlace>> PlaceIn(const std::string& token, std::string_view question) {
  if (token.empty()) return std::optional<PagePlace>();
  std::optional<PagePlace> place = PlaceOf(token, question);
  if (place) return place;
  FieldFaults faults;
  faults.Add("page_token", "is not one that this question was answered with; leave it out to begin at the first page");
  return faults.Verdict();
}

template <typename Response>
Response ResponseOf(ResultPage page, int64_t total, std::string_view question) {
  Response response;
  for (auto& result : page.results) response.add_results()->Swap(&result);
  if (page.next) response.set_next_page_token(PageToken(*page.next, question));
  response.set_total(static_cast<int32_t>(total));
  return response;
}

}  // namespace

Task<pb::GetMetricsResponse> AnalyticsService::GetMetrics(const CallContext& call,
                                                          const pb::GetMetricsRequest& request) {
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  std::optional<int64_t> up_to_sequence;
  if (request.has_up_to_sequence()) up_to_sequence = request.up_to_sequence();
  std::vector<Statement> statements = {AskMetrics(scope, up_to_sequence, request.up_to_run_id())};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  pb::GetMetricsResponse response;
  CopyFields(MetricsOf(rows[0]), response);
  co_return response;
}

Task<pb::ListResultsResponse> AnalyticsService::ListResults(const CallContext& call,
                                                            const pb::ListResultsRequest& request) {
  const std::string question = QuestionOf(request);
  CO_TRY(const int32_t page_size, PageSizeOf(request.page_size()));
  CO_TRY(const std::optional<PagePlace> place, PlaceIn(request.page_token(), question));
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  PageQuestion page = AskPage(scope, request, page_size, place);
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(page.statements)));
  co_return ResponseOf<pb::ListResultsResponse>(PageOf(rows[0]), rows[1].Only().Get<int64_t>("total"), question);
}

Task<pb::SearchResponsesResponse> AnalyticsService::SearchResponses(const CallContext& call,
                                                                    const pb::SearchResponsesRequest& request) {
  if (request.keyword().empty() || request.keyword().size() > kLongestKeyword) {
    FieldFaults faults;
    faults.Add("keyword", request.keyword().empty() ? "is missing" : "must not be longer than 256 bytes");
    co_return faults.Verdict();
  }
  const std::string question = QuestionOf(request);
  CO_TRY(const int32_t page_size, PageSizeOf(request.page_size()));
  CO_TRY(const std::optional<PagePlace> place, PlaceIn(request.page_token(), question));
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  std::vector<Statement> statements = {AskSearchPage(scope, request.keyword(), page_size, place)};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  const int64_t total = rows[0].empty() ? 0 : rows[0][0].Get<int64_t>("total");
  co_return ResponseOf<pb::SearchResponsesResponse>(PageOf(rows[0]), total, question);
}

Task<pb::GetLatencyDistributionResponse> AnalyticsService::GetLatencyDistribution(
    const CallContext& call, const pb::GetLatencyDistributionRequest& request) {
  static const std::string& text = *new std::string(
      HistogramSql("SELECT latency_us / 1000.0 AS v FROM demo_batch_test_results "
                   "WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR test_run_id = $2::uuid) AND success "
                   "AND ($3::bigint IS NULL OR sequence <= $3)"));
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  std::optional<int64_t> up_to_sequence;
  if (request.has_up_to_sequence()) up_to_sequence = request.up_to_sequence();
  std::vector<Statement> statements = {
      {Query{"metrics.latency_distribution", text}, Params(scope.session, scope.run, up_to_sequence)}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  const Histogram histogram = HistogramOf(rows[0]);
  pb::GetLatencyDistributionResponse response;
  response.set_count(static_cast<int32_t>(histogram.count));
  for (const Histogram::Bucket& bucket : histogram.buckets) {
    pb::LatencyBucket& told = *response.add_buckets();
    *told.mutable_from() = SpanOf(bucket.from);
    *told.mutable_to() = SpanOf(bucket.to);
    told.set_count(static_cast<int32_t>(bucket.count));
  }
  if (histogram.count > 0) {
    *response.mutable_p50() = SpanOf(histogram.p50);
    *response.mutable_p90() = SpanOf(histogram.p90);
    *response.mutable_p95() = SpanOf(histogram.p95);
    *response.mutable_p99() = SpanOf(histogram.p99);
  }
  co_return response;
}

Task<pb::SummarizeResponse> AnalyticsService::Summarize(const CallContext& call, const pb::SummarizeRequest& request) {
  pb::SummarizeResponse response;
  CO_TRY(*response.mutable_text(), co_await SummarizeRun(database_, call, request));
  co_return response;
}

Task<pb::ListSuggestionsResponse> AnalyticsService::ListSuggestions(const CallContext& call,
                                                                    const pb::ListSuggestionsRequest& request) {
  co_return co_await Suggest(database_, call, request);
}

Task<> AnalyticsService::Ask(const CallContext& call, const pb::AskRequest& request,
                             rpc::Writer<pb::AskResponse>& writer) {
  co_return co_await Answer(database_, commentary_, call, request, writer);
}

}  // namespace ftl::analytics
