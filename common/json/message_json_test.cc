#include "common/json/message_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/analytics/v1/history_service.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl {
namespace {

namespace analytics = finetunelab::analytics::v1;
namespace runner = finetunelab::batch_runner::v1;
namespace vault = finetunelab::session_vault::v1;
using testing::ElementsAre;

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> names;
  for (const FieldFault& fault : FieldFaultsOf(status)) names.push_back(fault.field);
  return names;
}

absl::Status Read(std::string_view json, google::protobuf::Message& message) {
  InputFaults faults;
  if (absl::Status status = ReadBody(json, message, faults); !status.ok()) return status;
  return faults.Verdict();
}

TEST(MessageJsonTest, WritesTheContractsNamesUnitsAndWords) {
  runner::Result result;
  result.set_prompt_id(3);
  result.set_prompt("Hi");
  result.set_success(true);
  result.mutable_latency()->set_nanos(523'100'000);
  result.mutable_created_at()->set_seconds(0);
  result.set_sequence(7);
  result.set_outcome(finetunelab::endpoint::v1::OUTCOME_OK);
  EXPECT_EQ(
      ToJson(result),
      R"({"prompt_id":3,"test_run_id":"","prompt":"Hi","success":true,"latency_ms":523.1,"tokens_estimated":false,)"
      R"("attempts":0,"model_id":"","created_at":"1970-01-01T00:00:00Z","sequence":7,"outcome":"ok","buffered":false})");
}

TEST(MessageJsonTest, WritesEmptyListsUnlessToldOtherwiseAndMapsAsObjects) {
  analytics::GetMetricsResponse metrics;
  (*metrics.mutable_errors_by_type())["timeout"] = 2;
  EXPECT_THAT(ToJson(metrics), testing::HasSubstr(R"("errors_by_type":{"timeout":2})"));
  EXPECT_EQ(ToJson(runner::ListModelsResponse()), R"({"models":[]})");
  EXPECT_THAT(ToJson(runner::Suite()), testing::Not(testing::HasSubstr("prompts")));
}

TEST(MessageJsonTest, WritesTheMembersOfObjectsAndMapsByNameSoThatTheSameIsWrittenTheSame) {
  analytics::GetMetricsResponse metrics;
  runner::Check check;
  for (const char* name : {"d", "b", "a", "c"}) {
    (*metrics.mutable_errors_by_type())[name] = 1;
    (*check.mutable_value()->mutable_struct_value()->mutable_fields())[name].set_bool_value(true);
  }
  EXPECT_THAT(ToJson(metrics), testing::HasSubstr(R"({"a":1,"b":1,"c":1,"d":1})"));
  EXPECT_EQ(ToJson(check), R"({"value":{"a":true,"b":true,"c":true,"d":true}})");
}

TEST(MessageJsonTest, NeverWritesASecret) {
  vault::OpenSessionRequest request;
  request.set_api_key("sk-secret");
  (*request.mutable_headers())["X-Gate"] = "secret";
  EXPECT_THAT(ToJson(request), testing::Not(testing::AnyOf(testing::HasSubstr("api_key"), testing::HasSubstr("Gate"))));
}

TEST(MessageJsonTest, ReadsAMapOfTexts) {
  vault::OpenSessionRequest request;
  ASSERT_TRUE(Read(R"({"headers":{"X-A":"one","X-B":""}})", request).ok());
  EXPECT_EQ(request.headers().size(), 2u);
  EXPECT_EQ(request.headers().at("X-A"), "one");
  EXPECT_FALSE(Read(R"({"headers":["X-A"]})", request).ok());
  EXPECT_FALSE(Read(R"({"headers":{"X-A":7}})", request).ok());
}

TEST(MessageJsonTest, KeepsTheTwoHistoricNames) {
  vault::CloseSessionResponse response;
  response.mutable_deleted()->set_test_runs(1);
  EXPECT_THAT(ToJson(response), testing::HasSubstr(R"("deleted":{"config":false,"testRuns":1,"results":0})"));
}

TEST(MessageJsonTest, ReadsEveryKindOfField) {
  runner::StartRunRequest request;
  ASSERT_TRUE(Read(R"({"session_id":"s","prompt_limit":5.0,"stream":false,"temperature":0,"timeout_ms":1500.5,
                       "system_prompt":null})",
                   request)
                  .ok());
  EXPECT_EQ(request.prompt_limit(), 5);
  EXPECT_FALSE(request.stream());
  EXPECT_TRUE(request.has_stream());
  EXPECT_TRUE(request.has_temperature());
  EXPECT_EQ(request.timeout().seconds(), 1);
  EXPECT_EQ(request.timeout().nanos(), 500'500'000);
  EXPECT_FALSE(request.has_system_prompt());
}

TEST(MessageJsonTest, TakesAStringForAPromptAndAnObjectForAListOfOne) {
  runner::CreateSuiteRequest request;
  ASSERT_TRUE(Read(R"({"prompts":["Hello",{"prompt":"2+2?","checks":{"kind":"numeric","value":4}},
                      {"prompt":"x","checks":[{"any":[{"kind":"contains","value":"a"}]}]}]})",
                   request)
                  .ok());
  ASSERT_EQ(request.prompts_size(), 3);
  EXPECT_EQ(request.prompts(0).prompt(), "Hello");
  EXPECT_EQ(request.prompts(1).checks(0).kind(), runner::CHECK_KIND_NUMERIC);
  EXPECT_EQ(request.prompts(1).checks(0).value().number_value(), 4);
  EXPECT_EQ(request.prompts(2).checks(0).any(0).value().string_value(), "a");
}

TEST(MessageJsonTest, NamesEveryFaultByItsPath) {
  runner::CreateSuiteRequest request;
  const absl::Status status =
      Read(R"({"name":5,"nmae":"x","prompts":["a",{"prompt":"b","checks":[{"kind":"contians"}]},7],
                                       "idempotency_key":"k"})",
           request);
  EXPECT_EQ(ReasonOf(status), Reason::kUnknownField);
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("name", "nmae", "prompts[1].checks[0].kind", "prompts[2]", "idempotency_key"));
}

TEST(MessageJsonTest, ListsAHundredOfManyFaults) {
  runner::CreateSuiteRequest request;
  std::string body = R"({"prompts":[1)";
  for (int i = 1; i < 10'000; ++i) body += ",1";
  const absl::Status status = Read(body + "]}", request);
  EXPECT_EQ(FieldFaultsOf(status).size(), 100u);
  EXPECT_EQ(FactsOf(status).at("more_errors"), "9900");
}

TEST(MessageJsonTest, TellsMalformedFromUnacceptable) {
  runner::StartRunRequest request;
  EXPECT_EQ(ReasonOf(Read(R"({"concurrency":"4"})", request)), Reason::kWrongType);
  EXPECT_EQ(ReasonOf(Read(R"({"concurrency":1.5})", request)), Reason::kWrongType);
  EXPECT_EQ(ReasonOf(Read(R"({"concurrency":3000000000})", request)), Reason::kInvalidField);
  EXPECT_EQ(ReasonOf(Read(R"([])", request)), Reason::kMalformedJson);
  runner::ListSuitesRequest suites;
  InputFaults faults;
  ReadParameter("task_domain", "poetry", suites, faults);
  EXPECT_EQ(ReasonOf(faults.Verdict()), Reason::kInvalidField);
}

TEST(MessageJsonTest, TakesAnExpectedAnswerAsWhatItIs) {
  runner::CreateSuiteRequest request;
  const std::string body =
      R"({"prompts":[{"expected_answer":42},{"expected_answer":0.1},{"expected_answer":true},{"expected_answer":"x"}]})";
  EXPECT_TRUE(Read(body, request).ok());
  std::string answers;
  for (const runner::Prompt& prompt : request.prompts()) answers += prompt.expected_answer() + " ";
  EXPECT_EQ(answers, "42 0.1 true x ");
  EXPECT_EQ(ReasonOf(Read(R"({"prompts":[{"expected_answer":[1]}]})", request)), Reason::kWrongType);
  EXPECT_EQ(ReasonOf(Read(R"({"prompts":[{"prompt":42}]})", request)), Reason::kWrongType);
}

TEST(MessageJsonTest, ReadsParametersByTheTypeOfTheirField) {
  analytics::ListResultsRequest request;
  InputFaults faults;
  ReadParameter("success", "false", request, faults);
  ReadParameter("min_latency_ms", "12.5", request, faults);
  ReadParameter("sort_by", "created_at", request, faults);
  ReadParameter("page_size", "20", request, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_FALSE(request.success());
  EXPECT_TRUE(request.has_success());
  EXPECT_EQ(request.min_latency().nanos(), 12'500'000);
  EXPECT_EQ(request.sort_by(), analytics::SORT_BY_CREATED_AT);
  analytics::ListRequestsRequest of_time;
  ReadParameter("from", "2026-01-31T12:00:00.250Z", of_time, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(of_time.from().seconds(), 1'769'860'800);
  EXPECT_EQ(of_time.from().nanos(), 250'000'000);
  ReadParameter("page_size", "ten", request, faults);
  ReadParameter("pagesize", "10", request, faults);
  ReadParameter("to", "yesterday", of_time, faults);
  EXPECT_THAT(FieldsOf(faults.Verdict()), ElementsAre("page_size", "pagesize", "to"));
}

TEST(MessageJsonTest, WritesCountsOfAnyWidthByTheirNames) {
  analytics::GetHistoryAnalyticsResponse figures;
  (*figures.mutable_requests_by_model())["b"] = 3'000'000'000;
  (*figures.mutable_requests_by_model())["a"] = 1;
  EXPECT_THAT(ToJson(figures), testing::HasSubstr(R"("requests_by_model":{"a":1,"b":3000000000})"));
}

}  // namespace
}  // namespace ftl
