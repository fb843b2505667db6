#include <functional>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "common/error/refusal.h"
#include "common/rpc/server.h"
#include "common/session/session_id.h"
#include "services/export/report/format.h"
#include "services/export/rpc/exporter_service.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::exporter {
namespace {

namespace analytics = finetunelab::analytics::v1;
using testing::HasSubstr;
using testing::Not;

constexpr char kRun[] = "11111111-1111-1111-1111-111111111111";
constexpr char kOtherRun[] = "22222222-2222-2222-2222-222222222222";

// analytics, as far as a report needs it: the counters of the session's runs, unless the test has something to say.
class FakeAnalytics final : public analytics::AnalyticsService::Service {
 public:
  explicit FakeAnalytics(std::function<analytics::GetMetricsResponse(const analytics::GetMetricsRequest&)>& answer)
      : answer_(answer) {}
  grpc::Status GetMetrics(grpc::ServerContext*, const analytics::GetMetricsRequest* request,
                          analytics::GetMetricsResponse* response) override {
    *response = answer_(*request);
    return grpc::Status::OK;
  }
  grpc::Status GetLatencyDistribution(grpc::ServerContext*, const analytics::GetLatencyDistributionRequest*,
                                      analytics::GetLatencyDistributionResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status CompareRuns(grpc::ServerContext*, const analytics::CompareRunsRequest* request,
                           analytics::CompareRunsResponse* response) override {
    response->set_n_pairs(3);
    response->mutable_latency_ms()->set_n_pairs(3);
    response->mutable_latency_ms()->set_median_difference(-12.5);
    response->set_verdict("From " + request->base() + " to " + request->other() + " up to " +
                          std::to_string(request->up_to_sequence()) + ".");
    return grpc::Status::OK;
  }
  grpc::Status Summarize(grpc::ServerContext*, const analytics::SummarizeRequest*,
                         analytics::SummarizeResponse* response) override {
    response->set_text("**All** went well.");
    return grpc::Status::OK;
  }

 private:
  std::function<analytics::GetMetricsResponse(const analytics::GetMetricsRequest&)>& answer_;
};

analytics::GetMetricsResponse Counts(int total, int completed, int failed) {
  analytics::GetMetricsResponse metrics;
  metrics.set_total_prompts(total);
  metrics.set_completed_prompts(completed);
  metrics.set_failed_prompts(failed);
  return metrics;
}

// Keeps what is written; `on_write` may do something else in the meantime.
class Download : public rpc::Writer<pb::ExportResponse> {
 public:
  Task<> Write(const pb::ExportResponse& message) override {
    if (message.has_head()) head = message.head();
    EXPECT_LE(message.chunk().size(), 64u * 1024);
    text += message.chunk();
    if (on_write) on_write();
    co_return absl::OkStatus();
  }

  pb::ReportHead head;
  std::string text;
  std::function<void()> on_write;
};

class ExportTest : public testing::Test {
 protected:
  // A live session under the hash of `id`.
  void AddSession(const std::string& id) const {
    scene_.Execute(fmt::format(R"(
      INSERT INTO demo_model_configs (session_id, endpoint_url, endpoint_origin, api_key_encrypted, model_id, model_name,
                                      provider, expires_at, connection_tested)
      VALUES ('{0}', 'https://endpoint.example/v1', 'https://endpoint.example', 'sealed-key', 'model', 'Model', 'custom',
              now() + interval '1 hour', true);
      INSERT INTO demo_session_expiry (demo_session_id, expires_at) VALUES ('{0}', now() + interval '1 hour'))",
                               *SessionHash(id)));
  }

  void AddRun(const std::string& id, const std::string& run, const std::string& status, int total, int results) const {
    scene_.Execute(fmt::format(R"(
      INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, test_suite_name, model_name, status,
                                        total_prompts, completed_prompts, last_sequence, config, completed_at)
      VALUES ('{0}', '{1}', '{0}', gen_random_uuid(), 'Suite', 'Model', '{2}', {3}, {4}, {4},
              '{{"concurrency":4,"timeout":"60s","of_tomorrow":1}}',
              CASE WHEN '{2}' = 'completed' THEN now() END))",
                               *SessionHash(id), run, status, total, results));
    AddResults(id, run, 1, results);
  }

  void AddResults(const std::string& id, const std::string& run, int from, int to) const {
    scene_.Execute(fmt::format(R"(
      INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, response, success,
                                           model_id, attempts, latency_us, checks)
      SELECT '{}', '{}', n, n, 'prompt ' || n, 'answer ' || n, true, 'model', 1, 1000 * n,
             '[{{"kind":"contains","passed":true,"detail":"found"}}]'
      FROM generate_series({}, {}) n)",
                               *SessionHash(id), run, from, to));
  }

  void AddToken(const std::string& token, const std::string& until) const {
    scene_.Execute(fmt::format("INSERT INTO demo_download_tokens VALUES ('{}', '{}', '{}', 'jsonl', {})",
                               TokenHash(token), *SessionHash(kSession), kRun, until));
  }

  static pb::ExportRequest Request(const std::string& session, pb::ExportFormat format = pb::EXPORT_FORMAT_JSONL) {
    pb::ExportRequest request;
    request.set_session_id(session);
    request.set_format(format);
    return request;
  }

  absl::Status Export(const pb::ExportRequest& request, Download& download) {
    return Await(io_, service_.Export(OwnCall(absl::Minutes(1)), request, download));
  }
  absl::Status Export(const pb::ExportRequest& request) {
    Download download;
    return Export(request, download);
  }

  int64_t Count(const std::string& from) {
    Database database(io_.get_executor(), {.url = scene_.url()});
    const std::string sql = "SELECT count(*) AS n FROM " + from;
    const auto rows = Await(io_, database.Run(DeadlineIn(absl::Minutes(1)), SessionScope::None(), Query{"", sql}));
    return rows.value().Only().Get<int64_t>("n");
  }

  static int Lines(const std::string& text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

  const std::string kSession = "demo-" + std::string(64, 'a');
  const std::string kOtherSession = "demo-" + std::string(64, 'b');

  TestDatabase scene_;
  asio::io_context io_;
  std::function<analytics::GetMetricsResponse(const analytics::GetMetricsRequest&)> answer_;
  std::unique_ptr<rpc::Server> server_ = [this] {
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(std::make_unique<FakeAnalytics>(answer_));
    return rpc::Server::WithoutPort(std::move(services)).value();
  }();
  Database database_{io_.get_executor(), scene_.As("ftl_export")};
  ResultReader results_{database_};
  DownloadTokens tokens_{database_};
  ExportLog log_{database_};
  Numbers numbers_{server_->InProcess("export", "token")};
  RenderThread pages_;
  ExporterService service_{rpc::Serving(io_.get_executor(), "token"), {results_, tokens_, log_, numbers_, pages_}};
};

TEST_F(ExportTest, HoldsWhatThereWasWhenItBeganThoughTheRunGoesOn) {
  AddSession(kSession);
  AddRun(kSession, kOtherRun, "completed", 2, 2);
  AddRun(kSession, kRun, "running", 5, 3);
  answer_ = [&](const analytics::GetMetricsRequest& request) {
    EXPECT_EQ(request.session_id(), kSession);
    EXPECT_EQ(request.up_to_run_id(), kRun);
    EXPECT_EQ(request.up_to_sequence(), 3);
    AddResults(kSession, kRun, 4, 5);
    return Counts(7, 5, 0);
  };
  Download download;
  ASSERT_EQ(Export(Request(kSession, pb::EXPORT_FORMAT_JSON), download), absl::OkStatus());
  const boost::json::object file = boost::json::parse(download.text).as_object();
  EXPECT_EQ(file.at("complete"), false);
  EXPECT_EQ(file.at("results").as_array().size(), 5u);
  EXPECT_EQ(file.at("results").at(4).at("prompt_id"), 3);
  EXPECT_EQ(file.at("results").at(4).at("latency_ms"), 3);
  EXPECT_EQ(file.at("results").at(4).at("checks").at(0).at("kind"), "contains");
  EXPECT_EQ(file.at("runs").at(1).at("status"), "running");
  EXPECT_EQ(file.at("runs").at(1).at("parameters").at("timeout_ms"), 60000);
}

TEST_F(ExportTest, SeveralRunsAreComparedAsAnalyticsSays) {
  AddSession(kSession);
  AddRun(kSession, kOtherRun, "completed", 3, 3);
  AddRun(kSession, kRun, "running", 5, 3);
  answer_ = [](const analytics::GetMetricsRequest& request) {
    if (request.test_run_id().empty()) return Counts(8, 6, 0);
    return request.test_run_id() == kRun ? Counts(5, 3, 0) : Counts(3, 3, 0);
  };
  Download download;
  ASSERT_EQ(Export(Request(kSession, pb::EXPORT_FORMAT_HTML), download), absl::OkStatus());
  EXPECT_NE(download.text.find("Each run against the one before"), std::string::npos);
  EXPECT_NE(download.text.find("-12.5 ms (too few to tell)"), std::string::npos) << download.text;
  EXPECT_NE(download.text.find(std::string("From ") + kOtherRun + " to " + kRun + " up to 3."), std::string::npos);
}

TEST_F(ExportTest, HoldsNothingSecret) {
  AddSession(kSession);
  AddRun(kSession, kRun, "completed", 1, 1);
  answer_ = [](const auto&) { return Counts(1, 1, 0); };
  for (const FormatFacts& facts : Formats()) {
    const pb::ExportFormat format = facts.format;
    Download download;
    ASSERT_EQ(Export(Request(kSession, format), download), absl::OkStatus());
    EXPECT_THAT(download.text, Not(HasSubstr("sealed-key")));
    EXPECT_THAT(download.text, Not(HasSubstr(kSession)));
    EXPECT_THAT(download.text, Not(HasSubstr(*SessionHash(kSession))));
  }
  EXPECT_EQ(Count("audit_log WHERE event = 'results_exported' AND details->>'format' = 'csv'"), 1);
}

TEST_F(ExportTest, GivesEveryResultOnceAndInOrderOverManyPages) {
  AddSession(kSession);
  AddRun(kSession, kRun, "completed", 2503, 2503);
  scene_.Execute("UPDATE demo_batch_test_results SET response = repeat('x', 700000) WHERE prompt_id > 2500");
  answer_ = [](const auto&) { return Counts(2503, 2503, 0); };
  Download download;
  ASSERT_EQ(Export(Request(kSession), download), absl::OkStatus());
  EXPECT_EQ(download.head.content_type(), "application/x-ndjson");
  std::istringstream lines(download.text);
  int expected = 0;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_EQ(boost::json::parse(line).at("prompt_id"), ++expected);
  }
  EXPECT_EQ(expected, 2503);
}

TEST_F(ExportTest, TakesItsSnapshotAgainWhenARunBeganMeanwhile) {
  AddSession(kSession);
  AddRun(kSession, kRun, "completed", 2, 2);
  int asked = 0;
  answer_ = [&](const auto&) {
    if (++asked == 1) AddRun(kSession, kOtherRun, "running", 3, 1);
    return Counts(5, 3, 0);
  };
  Download download;
  ASSERT_EQ(Export(Request(kSession), download), absl::OkStatus());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(Lines(download.text), 3);
}

TEST_F(ExportTest, ATokenOpensItsRunInItsFormatOnce) {
  AddSession(kSession);
  AddRun(kSession, kOtherRun, "completed", 1, 1);
  AddRun(kSession, kRun, "completed", 2, 2);
  AddToken("of-now", "now() + interval '5 minutes'");
  AddToken("of-old", "now() - interval '1 second'");
  answer_ = [](const analytics::GetMetricsRequest& request) {
    EXPECT_EQ(request.test_run_id(), kRun);
    return Counts(2, 2, 0);
  };
  pb::ExportRequest request;
  request.set_token("of-now");
  request.set_head_only(true);
  Download download;
  ASSERT_EQ(Export(request, download), absl::OkStatus());
  EXPECT_EQ(download.text, "");
  EXPECT_EQ(Count("audit_log"), 0);
  request.set_head_only(false);
  ASSERT_EQ(Export(request, download), absl::OkStatus());
  EXPECT_EQ(Lines(download.text), 2);
  EXPECT_THAT(download.head.file_name(), testing::MatchesRegex("finetunelab-batch-test-....-..-..\\.jsonl"));
  EXPECT_EQ(ReasonOf(Export(request)), Reason::kNotFound);
  request.set_token("of-old");
  EXPECT_EQ(ReasonOf(Export(request)), Reason::kNotFound);
  EXPECT_EQ(Count("demo_download_tokens"), 0);
}

TEST_F(ExportTest, HoldsTheResultsThatTheFiltersLetPass) {
  AddSession(kSession);
  AddRun(kSession, kRun, "completed", 10, 10);
  scene_.Execute(
      "UPDATE demo_batch_test_results SET success = false, error_type = 'timeout' WHERE prompt_id IN (3, 7)");
  answer_ = [](const auto&) { return Counts(10, 8, 2); };
  const auto lines = [&](const pb::ExportRequest& request) {
    Download download;
    EXPECT_EQ(Export(request, download), absl::OkStatus());
    std::istringstream text(download.text);
    std::vector<int64_t> prompts;
    for (std::string line; std::getline(text, line);) {
      prompts.push_back(boost::json::parse(line).at("prompt_id").as_int64());
    }
    return prompts;
  };
  pb::ExportRequest failed = Request(kSession);
  failed.set_success(false);
  EXPECT_THAT(lines(failed), testing::ElementsAre(3, 7));
  pb::ExportRequest fast = Request(kSession);
  fast.mutable_max_latency()->set_nanos(5'000'000);
  fast.set_success(true);
  EXPECT_THAT(lines(fast), testing::ElementsAre(1, 2, 4, 5));
  pb::ExportRequest named = Request(kSession);
  named.add_prompt_id(9);
  named.add_prompt_id(2);
  EXPECT_THAT(lines(named), testing::ElementsAre(2, 9));
  pb::ExportRequest said = Request(kSession);
  said.set_keyword("ANSWER 1");
  EXPECT_THAT(lines(said), testing::ElementsAre(1, 10));
  AddToken("of-two", "now() + interval '5 minutes'");
  scene_.Execute("UPDATE demo_download_tokens SET prompt_ids = '{4,8}'");
  pb::ExportRequest token;
  token.set_token("of-two");
  EXPECT_THAT(lines(token), testing::ElementsAre(4, 8));

  failed.set_format(pb::EXPORT_FORMAT_CSV);
  Download csv;
  ASSERT_EQ(Export(failed, csv), absl::OkStatus());
  EXPECT_THAT(csv.text, HasSubstr("# Filter: success=false\r\n"));
  failed.set_format(pb::EXPORT_FORMAT_JUNIT);
  Download junit;
  ASSERT_EQ(Export(failed, junit), absl::OkStatus());
  EXPECT_THAT(junit.text, HasSubstr("tests=\"2\" failures=\"0\" errors=\"2\""));
  failed.set_format(pb::EXPORT_FORMAT_PDF);
  EXPECT_EQ(ReasonOf(Export(failed)), Reason::kInvalidField);
}

TEST_F(ExportTest, RefusesWhatIsNotTheSessions) {
  AddSession(kSession);
  AddSession(kOtherSession);
  AddRun(kOtherSession, kOtherRun, "completed", 1, 1);
  pb::ExportRequest request = Request(kSession);
  request.set_test_run_id(kOtherRun);
  EXPECT_EQ(ReasonOf(Export(request)), Reason::kRunNotFound);
  request.set_test_run_id("no uuid");
  EXPECT_EQ(ReasonOf(Export(request)), Reason::kRunNotFound);
  EXPECT_EQ(ReasonOf(Export(Request("demo-" + std::string(64, 'c')))), Reason::kSessionNotFound);
  EXPECT_EQ(ReasonOf(Export(Request("demo-1"))), Reason::kSessionNotFound);
  EXPECT_EQ(ReasonOf(Export(Request(""))), Reason::kInvalidField);
  EXPECT_EQ(Count("audit_log"), 0);
}

TEST_F(ExportTest, EndsWithItsSession) {
  AddSession(kSession);
  AddRun(kSession, kRun, "completed", 1500, 1500);
  answer_ = [](const auto&) { return Counts(1500, 1500, 0); };
  Download download;
  download.on_write = [&] { scene_.Execute("UPDATE demo_session_expiry SET expires_at = now()"); };
  EXPECT_EQ(ReasonOf(Export(Request(kSession), download)), Reason::kSessionExpired);
  EXPECT_LT(Lines(download.text), 1500);
}

}  // namespace
}  // namespace ftl::exporter
