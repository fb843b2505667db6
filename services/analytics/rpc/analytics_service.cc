#include "services/analytics/rpc/analytics_service.h"

#include <optional>
#include <string>
#include <vector>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/result/result_filter.h"
#include "services/analytics/metrics/latency_distribution.h"
#include "services/analytics/metrics/run_metrics.h"
#include "services/analytics/query/run_summary.h"
#include "services/analytics/rpc/ask.h"
#include "services/analytics/rpc/compare_runs.h"
#include "services/analytics/rpc/group_results.h"
#include "services/analytics/rpc/run_query.h"
#include "services/analytics/rpc/suggest.h"
#include "services/analytics/rpc/summarize.h"
#include "services/analytics/store/result_pages.h"
#include "services/analytics/store/run_orders.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestKeyword = 256;

absl::Status JudgeKeyword(std::string_view keyword) {
  FieldFaults faults;
  if (keyword.empty()) faults.Add("keyword", "is missing");
  if (keyword.size() > kLongestKeyword) faults.Add("keyword", "must not be longer than 256 bytes");
  return faults.Verdict();
}

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
Response ResponseOf(ResultPage page, int64_t total, bool was_counted, std::string_view question) {
  Response response;
  if (page.next && was_counted) page.next->total = total;
  for (auto& result : page.results) response.add_results()->Swap(&result);
  if (page.next) response.set_next_page_token(PageToken(*page.next, question));
  response.set_total(static_cast<int32_t>(total));
  return response;
}

}  // namespace

Task<std::optional<EndedRun>> AnalyticsService::FindEnded(const CallContext& call, const RunScope& scope) {
  absl::StatusOr<std::optional<EndedRun>> found = co_await FindSummary(database_, call, scope);
  // Where there was not the time for it here, it is made beside.
  if (absl::IsDeadlineExceeded(found.status())) after_run_.LookAt(scope);
  if (found.ok() && *found) after_run_.LookAt({.session = scope.session, .run = (*found)->id});
  co_return found;
}

Task<pb::GetMetricsResponse> AnalyticsService::GetMetrics(const CallContext& call,
                                                          const pb::GetMetricsRequest& request) {
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  std::optional<int64_t> up_to_sequence;
  if (request.has_up_to_sequence()) up_to_sequence = request.up_to_sequence();
  pb::GetMetricsResponse response;
  CO_TRY(const std::optional<EndedRun> ended, co_await FindEnded(call, scope));
  if (ended && ended->IsWithin(up_to_sequence, request.up_to_run_id())) {
    CopyFields(ended->summary.metrics(), response);
    co_return response;
  }
  std::vector<Statement> statements = {AskMetrics(scope, up_to_sequence, request.up_to_run_id())};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  CopyFields(MetricsOf(rows[0]), response);
  co_return response;
}

Task<pb::ListResultsResponse> AnalyticsService::ListResults(const CallContext& call,
                                                            const pb::ListResultsRequest& request) {
  CO_TRY(JudgeResultFilter(request));
  const std::string question = QuestionOf(request);
  CO_TRY(const int32_t page_size, PageSizeOf(request.page_size()));
  CO_TRY(const std::optional<PagePlace> place, PlaceIn(request.page_token(), question));
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  const bool filtered = HasResultFilter(request);
  RunScope pages = scope;
  bool is_kept = false;
  if (!filtered && request.sort_by() != pb::SORT_BY_UNSPECIFIED) {
    std::vector<Statement> ask = {AskOrder(scope, request)};
    CO_TRY(const std::vector<Rows> orders, co_await RunScoped(database_, call, scope, std::move(ask)));
    if (orders[0].size() == 1 && orders[0].Only().Get<bool>("is_over")) {
      pages.run = orders[0].Only().Get<std::string>("id");
      is_kept = orders[0].Only().Get<bool>("is_kept");
      if (!is_kept) after_run_.LookAt(pages);
    }
  }
  PageQuestion page =
      is_kept ? AskKeptPage(pages, request, page_size, place) : AskPage(pages, request, page_size, place);
  PageQuestion total = AskTotal(pages, request);
  // What was counted for the first page holds for those that follow.
  const bool is_counted = place && place->total;
  if (!is_counted) page.statements.push_back(total.statements[0]);
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, pages, std::move(page.statements)));
  const int64_t results = is_counted ? *place->total : rows[1].Only().Get<int64_t>("total");
  co_return ResponseOf<pb::ListResultsResponse>(PageOf(rows[0]), results, filtered, question);
}

Task<pb::SearchResponsesResponse> AnalyticsService::SearchResponses(const CallContext& call,
                                                                    const pb::SearchResponsesRequest& request) {
  CO_TRY(JudgeKeyword(request.keyword()));
  const std::string question = QuestionOf(request);
  CO_TRY(const int32_t page_size, PageSizeOf(request.page_size()));
  CO_TRY(const std::optional<PagePlace> place, PlaceIn(request.page_token(), question));
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  after_run_.LookAt(scope);
  std::vector<Statement> statements = {AskSearchPage(scope, request.keyword(), page_size, place)};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  const int64_t total = rows[0].empty() ? 0 : rows[0][0].Get<int64_t>("total");
  co_return ResponseOf<pb::SearchResponsesResponse>(PageOf(rows[0]), total, false, question);
}

Task<pb::GetLatencyDistributionResponse> AnalyticsService::GetLatencyDistribution(
    const CallContext& call, const pb::GetLatencyDistributionRequest& request) {
  CO_TRY(const RunScope scope, co_await ResolveScope(database_, call, request.session_id(), request.test_run_id()));
  std::optional<int64_t> up_to_sequence;
  if (request.has_up_to_sequence()) up_to_sequence = request.up_to_sequence();
  CO_TRY(const std::optional<EndedRun> ended, co_await FindEnded(call, scope));
  if (ended && ended->IsWithin(up_to_sequence)) co_return ended->summary.latency();
  std::vector<Statement> statements = {AskLatencyDistribution(scope, up_to_sequence)};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database_, call, scope, std::move(statements)));
  co_return LatencyDistributionOf(rows[0]);
}

Task<pb::CompareRunsResponse> AnalyticsService::CompareRuns(const CallContext& call,
                                                            const pb::CompareRunsRequest& request) {
  co_return co_await CompareTwoRuns(database_, call, request);
}

Task<pb::GroupResultsResponse> AnalyticsService::GroupResults(const CallContext& call,
                                                              const pb::GroupResultsRequest& request) {
  co_return co_await GroupTheResults(database_, call, request);
}

Task<pb::RunQueryResponse> AnalyticsService::RunQuery(const CallContext& call, const pb::RunQueryRequest& request) {
  co_return co_await AnswerQuery(database_, call, request);
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
