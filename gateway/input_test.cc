#include "gateway/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl::gateway {
namespace {

namespace runner = finetunelab::batch_runner::v1;
namespace vault = finetunelab::session_vault::v1;
using testing::ElementsAre;

const std::string kSession = "demo-" + std::string(64, 'a');
const std::string kOther = "demo-" + std::string(64, 'b');

Route Start() {
  Route route;
  route.method = "POST";
  route.rpc = "finetunelab.batch_runner.v1.BatchRunnerService.StartRun";
  route.session = SessionUse::kRequired;
  route.required = {"test_suite_id"};
  route.creates = true;
  return route;
}

Route Get() {
  Route route;
  route.method = "GET";
  route.rpc = "finetunelab.batch_runner.v1.BatchRunnerService.GetRun";
  route.session = SessionUse::kOrRun;
  return route;
}

http::RequestHead Head(std::string_view query, std::vector<http::FieldView> fields = {}) {
  http::RequestHead head;
  head.query = query;
  head.fields = std::move(fields);
  return head;
}

std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> names;
  for (const FieldFault& fault : FieldFaultsOf(status)) names.push_back(fault.field);
  return names;
}

TEST(InputTest, TakesTheSessionFromBodyQueryOrHeader) {
  const std::string bearer = "Bearer " + kSession;
  const std::string query = "session_id=" + kSession;
  for (const auto& [head, body] :
       {std::pair(Head(""), R"({"session_id":")" + kSession + "\"}"), std::pair(Head(query), std::string("{}")),
        std::pair(Head("", {{"Authorization", bearer}}), std::string("{}")),
        std::pair(Head(query, {{"Authorization", bearer}}), std::string("{}"))}) {
    const auto request = ReadInput(Start(), head, {}, body, "1.2.3.4");
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(static_cast<runner::StartRunRequest&>(**request).session_id(), kSession);
  }
}

TEST(InputTest, RefusesTwoSessions) {
  const std::string bearer = "Bearer " + kOther;
  const std::string query = "session_id=" + kSession;
  EXPECT_EQ(ReasonOf(ReadInput(Get(), Head(query, {{"Authorization", bearer}}), {}, "", "").status()),
            Reason::kSessionConflict);
}

TEST(InputTest, KnowsASessionThatCannotBe) {
  EXPECT_EQ(ReasonOf(ReadInput(Get(), Head("session_id=demo-12"), {}, "", "").status()), Reason::kSessionNotFound);
  Route route = Get();
  route.unknown_session_is_fine = true;
  EXPECT_TRUE(ReadInput(route, Head("session_id=demo-12"), {}, "", "").ok());
}

TEST(InputTest, NamesEverythingThatIsMissing) {
  EXPECT_THAT(FieldsOf(ReadInput(Start(), Head(""), {}, "{}", "").status()),
              ElementsAre("session_id", "test_suite_id"));
  EXPECT_THAT(FieldsOf(ReadInput(Get(), Head(""), {}, "", "").status()), ElementsAre("session_id"));
  EXPECT_TRUE(ReadInput(Get(), Head("test_run_id=r"), {}, "", "").ok());
  // With a session the service names what is missing, together with what is out of range.
  EXPECT_TRUE(ReadInput(Start(), Head("session_id=" + kSession), {}, "{}", "").ok());
}

TEST(InputTest, RefusesUnknownAndDoubledParameters) {
  const std::string session = "session_id=" + kSession;
  EXPECT_EQ(ReasonOf(ReadInput(Get(), Head(session + "&pagesize=3"), {}, "", "").status()), Reason::kUnknownField);
  EXPECT_THAT(FieldsOf(ReadInput(Get(), Head(session + "&page_size=3&page_size=4"), {}, "", "").status()),
              ElementsAre("page_size"));
  EXPECT_EQ(ReasonOf(ReadInput(Start(), Head(session + "&concurrency=3"), {}, "{}", "").status()),
            Reason::kUnknownField);
}

TEST(InputTest, TakesFieldsFromThePathAndNowhereElse) {
  const auto request = ReadInput(Get(), Head(""), {{"test_run_id", "r"}}, "", "");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(static_cast<runner::GetRunRequest&>(**request).test_run_id(), "r");
  EXPECT_FALSE(ReadInput(Get(), Head("test_run_id=other"), {{"test_run_id", "r"}}, "", "").ok());
}

TEST(InputTest, RefusesAPageOfLessThanNothing) {
  for (std::string_view query : {"page_size=-1", "page_size=-1&session_id=demo-1", "page_size=-2147483648"}) {
    const auto read = ReadInput(Get(), Head(query), {}, "", "1.1.1.1");
    EXPECT_EQ(ReasonOf(read.status()), Reason::kInvalidField) << query;
    EXPECT_THAT(FieldsOf(read.status()), testing::Contains("page_size")) << query;
  }
}

TEST(InputTest, FillsWhatOnlyTheGatewayKnows) {
  Route open;
  open.method = "POST";
  open.rpc = "finetunelab.session_vault.v1.SessionVaultService.OpenSession";
  open.creates = true;
  const auto request = ReadInput(open, Head("", {{"Idempotency-Key", "k1"}}), {}, R"({"api_key":"sk-1"})", "1.2.3.4");
  ASSERT_TRUE(request.ok()) << request.status();
  auto& opened = static_cast<vault::OpenSessionRequest&>(**request);
  EXPECT_EQ(opened.client_address(), "1.2.3.4");
  EXPECT_EQ(opened.idempotency_key(), "k1");
  WipeSecrets(opened);
  EXPECT_EQ(opened.api_key(), std::string(4, '\0'));
  EXPECT_EQ(ReasonOf(ReadInput(open, Head("", {{"Idempotency-Key", "a b"}}), {}, "{}", "").status()),
            Reason::kBadRequest);
  EXPECT_EQ(ReasonOf(ReadInput(open, Head(""), {}, R"({"client_address":"9.9.9.9"})", "").status()),
            Reason::kUnknownField);
}

TEST(ContentTypeTest, MustBeJsonWhereThereIsABody) {
  http::RequestHead head = Head("", {{"Content-Type", "application/json; charset=utf-8"}});
  EXPECT_TRUE(JudgeContentType(Start(), head).ok());
  head = Head("", {{"Content-Type", "text/plain"}});
  EXPECT_EQ(ReasonOf(JudgeContentType(Start(), head)), Reason::kUnsupportedMediaType);
  EXPECT_EQ(ReasonOf(JudgeContentType(Start(), Head(""))), Reason::kUnsupportedMediaType);
  head = Head("", {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}});
  EXPECT_EQ(ReasonOf(JudgeContentType(Start(), head)), Reason::kUnsupportedMediaType);
  head = Head("", {{"Content-Type", "application/json"}, {"Content-Encoding", "Identity"}});
  EXPECT_TRUE(JudgeContentType(Start(), head).ok());
  Route cancel = Start();
  cancel.body_optional = true;
  EXPECT_TRUE(JudgeContentType(cancel, Head("")).ok());
  const http::RequestHead json = Head("", {{"Content-Type", "application/json"}});
  EXPECT_EQ(ReadInput(cancel, json, {}, "", "").status(), ReadInput(cancel, Head(""), {}, "", "").status());
}

TEST(InputTest, TakesAFileAsItIsWhereTheRouteDoes) {
  Route preview;
  preview.method = "POST";
  preview.rpc = "finetunelab.batch_runner.v1.BatchRunnerService.PreviewSuite";
  preview.raw_field = "raw_content";
  const http::RequestHead head = Head("content_format=csv", {{"Content-Type", "application/octet-stream"}});
  ASSERT_TRUE(JudgeContentType(preview, head).ok());
  const auto request = ReadInput(preview, head, {}, "\xFF\xFEp", "");
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& read = static_cast<runner::PreviewSuiteRequest&>(**request);
  EXPECT_EQ(read.raw_content(), "\xFF\xFEp");
  EXPECT_EQ(read.content_format(), runner::CONTENT_FORMAT_CSV);
  EXPECT_EQ(ReasonOf(JudgeContentType(Start(), head)), Reason::kUnsupportedMediaType);
  EXPECT_EQ(ReasonOf(ReadInput(preview, Head(""), {}, R"({"raw_content":"x"})", "").status()), Reason::kUnknownField);
}

}  // namespace
}  // namespace ftl::gateway
