#include "services/analytics/rpc/analytics_fixture.h"

#include <map>

#include <gmock/gmock.h>

namespace ftl::analytics {
namespace {

using google::protobuf::util::TimeUtil;
using testing::ElementsAre;

TEST_F(AnalyticsTest, PagesOfSortedResultsJoinWithoutGapOrOverlap) {
  pb::ListResultsRequest request;
  request.set_session_id(session_id_);
  request.set_sort_by(pb::SORT_BY_TOKENS);
  request.set_order(pb::SORT_ORDER_DESC);
  request.set_page_size(3);
  std::vector<int> ids;
  do {
    const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->total(), 10);
    for (const auto& result : page->results()) ids.push_back(result.prompt_id());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() && ids.size() < 20);
  // Those without tokens come last.
  EXPECT_THAT(ids, ElementsAre(10, 9, 8, 6, 5, 4, 2, 1, 7, 3));
}

TEST_F(AnalyticsTest, PagesOfAKeptOrderAreThoseOfTheResultsSorted) {
  AddLargeRun();
  pb::ListResultsRequest request;
  request.set_test_run_id(kLargeRun);
  request.set_page_size(170);
  const auto walk = [&] {
    std::vector<int> ids;
    request.clear_page_token();
    do {
      const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return ids;
      EXPECT_EQ(page->total(), 1200);
      for (const auto& result : page->results()) ids.push_back(result.prompt_id());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty() && ids.size() < 2000);
    return ids;
  };
  // Runs that go on keep no order.
  test_database_.Execute(fmt::format(
      "UPDATE demo_batch_test_runs SET status = 'running', completed_at = NULL WHERE id = '{}'", kLargeRun));
  std::map<std::pair<pb::SortBy, pb::SortOrder>, std::vector<int>> sorted;
  const auto each_order = [&](auto look) {
    for (const pb::SortBy sort_by :
         {pb::SORT_BY_LATENCY, pb::SORT_BY_TTFT, pb::SORT_BY_TOKENS, pb::SORT_BY_LENGTH, pb::SORT_BY_CREATED_AT}) {
      for (const pb::SortOrder order : {pb::SORT_ORDER_ASC, pb::SORT_ORDER_DESC}) {
        request.set_sort_by(sort_by);
        request.set_order(order);
        look(sorted[{sort_by, order}]);
      }
    }
  };
  each_order([&](std::vector<int>& ids) { ids = walk(); });
  EXPECT_EQ(Counted("demo_run_orders"), 0);
  test_database_.Execute(fmt::format(
      "UPDATE demo_batch_test_runs SET status = 'completed', completed_at = now() WHERE id = '{}'", kLargeRun));
  walk();
  // Ten orders of three pieces.
  ASSERT_TRUE(WaitFor([&] { return Counted("demo_run_orders") == 30; }));
  each_order([&](const std::vector<int>& ids) { EXPECT_EQ(walk(), ids); });
  // They are read as they were kept.
  test_database_.Execute("UPDATE demo_batch_test_results SET latency_us = 1, ttft_us = 1, output_tokens = 1");
  each_order([&](const std::vector<int>& ids) { EXPECT_EQ(walk(), ids); });
  request.set_success(true);
  EXPECT_EQ(Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request)->total(), 1029);
}

TEST_F(AnalyticsTest, WhatWasCountedForTheFirstPageHoldsForTheOthers) {
  pb::ListResultsRequest request;
  request.set_test_run_id(kRun);
  request.set_page_size(3);
  request.set_success(true);
  const auto page = [&] {
    return *Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
  };
  const auto first = page();
  EXPECT_EQ(first.total(), 8);
  test_database_.Execute("UPDATE demo_batch_test_results SET success = true");
  request.set_page_token(first.next_page_token());
  EXPECT_EQ(page().total(), 8);
  request.clear_page_token();
  EXPECT_EQ(page().total(), 10);
}

TEST_F(AnalyticsTest, AnEndedRunsTextsAreIndexedAndFoundAsBefore) {
  AddLargeRun();
  pb::SearchResponsesRequest request;
  request.set_test_run_id(kLargeRun);
  const auto found = [&](const std::string& keyword) {
    request.set_keyword(keyword);
    const auto page = Call<pb::SearchResponsesResponse>(&pb::AnalyticsService::Stub::async::SearchResponses, request);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<int> ids = {page->total()};
    for (const auto& result : page->results()) ids.push_back(result.prompt_id());
    return ids;
  };
  const std::vector<std::string> keywords = {"ÄRGER 78 ", "prompt 1", "%", "_", "77 \\", "no such thing", "r", "CÂFÉ"};
  std::vector<std::vector<int>> before;
  for (const std::string& keyword : keywords) before.push_back(found(keyword));
  EXPECT_THAT(before[0], ElementsAre(1, 78));
  ASSERT_TRUE(WaitFor([&] { return Counted("demo_search_texts") == 1200; }));
  for (size_t i = 0; i < keywords.size(); ++i) EXPECT_EQ(found(keywords[i]), before[i]) << keywords[i];
}

TEST_F(AnalyticsTest, ATokenOfAnotherQuestionIsRefused) {
  pb::ListResultsRequest request;
  request.set_session_id(session_id_);
  request.set_page_size(3);
  const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
  ASSERT_TRUE(page.ok()) << page.status();
  request.set_page_token(page->next_page_token());
  request.set_success(true);
  EXPECT_EQ(ReasonOf(Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request).status()),
            Reason::kInvalidField);
}

TEST_F(AnalyticsTest, FiltersHoldTogether) {
  pb::ListResultsRequest request;
  request.set_session_id(session_id_);
  request.set_category("returns");
  request.set_success(true);
  *request.mutable_min_latency() = TimeUtil::MicrosecondsToDuration(4 * 300500);
  request.set_max_output_tokens(320);
  const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
  ASSERT_TRUE(page.ok()) << page.status();
  std::vector<int> ids;
  for (const auto& result : page->results()) ids.push_back(result.prompt_id());
  EXPECT_THAT(ids, ElementsAre(4, 6, 8));
  EXPECT_EQ(page->total(), 3);
}

TEST_F(AnalyticsTest, APageEndsAtTwoMebibytes) {
  test_database_.Execute("UPDATE demo_batch_test_results SET response = repeat('x', 700000) WHERE success");
  pb::ListResultsRequest request;
  request.set_session_id(session_id_);
  const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->results_size(), 3);  // 1, 2 and the failed 3
  EXPECT_TRUE(page->has_next_page_token());
}

TEST_F(AnalyticsTest, SearchFindsTheKeywordInAnyCaseAndReadsNoPattern) {
  pb::SearchResponsesRequest request;
  request.set_session_id(session_id_);
  request.set_keyword("REFUND of 1 %");
  auto page = Call<pb::SearchResponsesResponse>(&pb::AnalyticsService::Stub::async::SearchResponses, request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total(), 1);
  EXPECT_EQ(page->results(0).prompt_id(), 1);
  request.set_keyword("problem");
  request.set_page_size(4);
  page = Call<pb::SearchResponsesResponse>(&pb::AnalyticsService::Stub::async::SearchResponses, request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total(), 10);
  EXPECT_EQ(page->results_size(), 4);
  request.set_page_token(page->next_page_token());
  page = Call<pb::SearchResponsesResponse>(&pb::AnalyticsService::Stub::async::SearchResponses, request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->results(0).prompt_id(), 5);
}

TEST_F(AnalyticsTest, ResultsAreFilteredByKeywordAndByChecks) {
  pb::ListResultsRequest request;
  request.set_session_id(session_id_);
  auto ids = [&] {
    const auto page = Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request);
    std::vector<int> found;
    EXPECT_TRUE(page.ok()) << page.status();
    for (const auto& result : page->results()) found.push_back(result.prompt_id());
    EXPECT_EQ(page->total(), static_cast<int>(found.size()));
    return found;
  };
  request.set_checks(pb::CHECKS_VERDICT_FAILED);
  EXPECT_THAT(ids(), ElementsAre(8));
  request.set_checks(pb::CHECKS_VERDICT_PASSED);
  EXPECT_THAT(ids(), ElementsAre(1));
  request.clear_checks();
  request.set_keyword("REFUND of 1 %");
  EXPECT_THAT(ids(), ElementsAre(1));
  request.set_keyword("problem 1");
  EXPECT_THAT(ids(), ElementsAre(1, 10));
  request.set_success(false);
  EXPECT_THAT(ids(), testing::IsEmpty());
  request.set_keyword("");
  EXPECT_EQ(ReasonOf(Call<pb::ListResultsResponse>(&pb::AnalyticsService::Stub::async::ListResults, request).status()),
            Reason::kInvalidField);
}

}  // namespace
}  // namespace ftl::analytics
