// The whole gateway over real sockets, with services of our own making behind it.

#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include "common/error/try.h"
#include "common/observe/instrument.h"
#include "common/rpc/serve.h"
#include "common/rpc/server.h"
#include "finetunelab/analytics/v1/analytics_service.grpc.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.grpc.pb.h"
#include "finetunelab/exporter/v1/exporter_service.grpc.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"
#include "gateway/module.h"
#include "gateway/settings.h"
#include "gateway/upstream/upstream.h"
#include "gateway/watch/signal.h"
#include "gateway/watch/stored_results.h"
#include "gateway/workspace_door.h"

namespace ftl::gateway {
namespace {

using asio::ip::tcp;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kSession = "demo-" + std::string(64, 'a');
const std::string kEnded = "demo-" + std::string(64, 'e');
// Whose metrics wait until they are let go.
const std::string kHeld = "demo-" + std::string(64, 'b');
constexpr char kRun[] = "11111111-2222-4333-8444-555555555555";
// All of it is stored, and its answers are long.
constexpr char kLongRun[] = "11111111-2222-4333-8444-666666666666";

namespace fake {

namespace pb = finetunelab::session_vault::v1;

class Vault final : public pb::SessionVaultService::CallbackService {
 public:
  explicit Vault(rpc::Serving serving) : serving_(std::move(serving)) {}
  FTL_SERVE(OpenSession)
  FTL_SERVE(GetSession)
  FTL_SERVE(CloseSession)
  FTL_SERVE(DrawQuota)

 private:
  Task<pb::OpenSessionResponse> OpenSession(const CallContext& call, const pb::OpenSessionRequest& request) {
    pb::OpenSessionResponse response;
    response.set_session_id(kSession);
    response.mutable_expires_at()->set_seconds(3600);
    response.set_model_id(request.model_id());
    response.set_model_name(fmt::format("{} {} {} {}", request.api_key(), request.idempotency_key(),
                                        request.client_address(), call.request_id));
    co_return response;
  }
  Task<pb::GetSessionResponse> GetSession(const CallContext&, const pb::GetSessionRequest& request) {
    if (request.session_id() == kEnded) co_return Refuse(Reason::kSessionExpired, "The session is over.");
    pb::GetSessionResponse response;
    response.set_session_id(request.session_id());
    response.mutable_connection_latency()->set_nanos(12'345'000);
    co_return response;
  }
  Task<pb::CloseSessionResponse> CloseSession(const CallContext&, const pb::CloseSessionRequest&) {
    pb::CloseSessionResponse response;
    response.set_success(true);
    response.mutable_deleted()->set_test_runs(1);
    co_return response;
  }
  Task<pb::DrawQuotaResponse> DrawQuota(const CallContext&, const pb::DrawQuotaRequest& request) {
    pb::DrawQuotaResponse response;
    response.set_granted(request.quota() == "model_lists_per_minute" ? 0 : request.units());
    if (response.granted() == 0) response.mutable_retry_after()->set_seconds(7);
    co_return response;
  }
  rpc::Serving serving_;
};

}  // namespace fake

namespace fake_runner {

namespace pb = finetunelab::batch_runner::v1;

pb::Result ResultOf(int64_t sequence) {
  pb::Result result;
  result.set_prompt_id(static_cast<int32_t>(sequence));
  result.set_sequence(sequence);
  result.set_success(true);
  return result;
}

// A run of `stored` results that gets `coming` more and ends when it is told to.
class Runner final : public pb::BatchRunnerService::CallbackService {
 public:
  explicit Runner(rpc::Serving serving) : serving_(std::move(serving)), finish_(serving_.executor()) {}
  FTL_SERVE(GetRun)
  FTL_SERVE(ListResults)
  FTL_SERVE(ListModels)
  FTL_SERVE(CancelRun)
  FTL_SERVE_STREAM(WatchRun)

  void Finish() {
    asio::post(serving_.executor(), [this] { finish_.Notify(); });
  }
  int streams() const { return streams_; }
  int lists() const { return lists_; }

  static constexpr int64_t kLongLast = 300;
  static constexpr size_t kLongAnswer = 250'000;

 private:
  static pb::Result LongResultOf(int64_t sequence) {
    pb::Result result = ResultOf(sequence);
    result.set_response(std::string(kLongAnswer, 'x'));
    return result;
  }
  static constexpr int64_t kStored = 3;
  static constexpr int64_t kLast = 5;

  Task<pb::GetRunResponse> GetRun(const CallContext&, const pb::GetRunRequest& request) {
    if (request.session_id() == kEnded) co_return Refuse(Reason::kNoRun, "No run yet.");
    if (request.test_run_id() == kLongRun) {
      pb::GetRunResponse response;
      response.set_id(kLongRun);
      response.set_last_sequence(kLongLast);
      co_return response;
    }
    if (!request.test_run_id().empty() && request.test_run_id() != kRun) {
      co_return Refuse(Reason::kRunNotFound, "There is no such run.");
    }
    pb::GetRunResponse response;
    response.set_id(kRun);
    response.set_status(pb::RUN_STATUS_RUNNING);
    response.set_last_sequence(kStored);
    if (!request.test_run_id().empty()) {
      *response.add_results() = ResultOf(1);
      response.set_total(1);
    }
    co_return response;
  }
  Task<pb::ListResultsResponse> ListResults(const CallContext&, const pb::ListResultsRequest& request) {
    pb::ListResultsResponse response;
    ++lists_;
    if (request.test_run_id() == kLongRun) {
      for (int64_t i = request.after_sequence() + 1; i <= kLongLast && response.results_size() < 8; ++i) {
        *response.add_results() = LongResultOf(i);
      }
      co_return response;
    }
    for (int64_t i = request.after_sequence() + 1; i <= kStored; ++i) *response.add_results() = ResultOf(i);
    co_return response;
  }
  Task<pb::ListModelsResponse> ListModels(const CallContext&, const pb::ListModelsRequest&) {
    co_return pb::ListModelsResponse();
  }
  Task<pb::CancelRunResponse> CancelRun(const CallContext&, const pb::CancelRunRequest& request) {
    pb::CancelRunResponse response;
    response.set_id(request.test_run_id());
    response.set_status(pb::RUN_STATUS_CANCELLED);
    co_return response;
  }
  Task<> WatchRun(const CallContext&, const pb::WatchRunRequest& request, rpc::Writer<pb::WatchRunResponse>& writer) {
    ++streams_;
    pb::WatchRunResponse message;
    if (request.test_run_id() == kLongRun) {
      for (int64_t i = request.after_sequence() + 1; i <= kLongLast; ++i) {
        message.Clear();
        message.add_events()->set_sequence(i);
        *message.mutable_events(0)->mutable_result() = LongResultOf(i);
        CO_TRY(co_await writer.Write(message));
      }
      message.Clear();
      pb::RunEvent& done = *message.add_events();
      done.set_sequence(kLongLast + 1);
      done.mutable_done()->set_status(pb::RUN_STATUS_COMPLETED);
      co_return co_await writer.Write(message);
    }
    // As GetRun told it, a moment later.
    pb::Run& stood = *message.add_events()->mutable_progress();
    stood.set_id(kRun);
    stood.set_status(pb::RUN_STATUS_RUNNING);
    stood.set_last_sequence(kStored);
    stood.mutable_eta()->set_seconds(3);
    for (int64_t i = request.after_sequence() + 1; i <= kLast; ++i) {
      pb::RunEvent& event = *message.add_events();
      event.set_sequence(i);
      *event.mutable_result() = ResultOf(i);
      if (i % 3 != 0) continue;
      CO_TRY(co_await writer.Write(message));
      message.Clear();
    }
    CO_TRY(co_await writer.Write(message));
    co_await finish_.Wait(Deadline::max());
    finish_.Notify();
    message.Clear();
    pb::RunEvent& done = *message.add_events();
    done.set_sequence(kLast + 1);
    done.mutable_done()->set_status(pb::RUN_STATUS_COMPLETED);
    co_return co_await writer.Write(message);
  }
  rpc::Serving serving_;
  Signal finish_;
  std::atomic<int> streams_ = 0;
  std::atomic<int> lists_ = 0;
};

}  // namespace fake_runner

namespace fake_analytics {

namespace pb = finetunelab::analytics::v1;

class Analytics final : public pb::AnalyticsService::CallbackService {
 public:
  explicit Analytics(rpc::Serving serving) : serving_(std::move(serving)), let_go_(serving_.executor()) {
    let_go_.expires_at(Deadline::max());
  }
  FTL_SERVE(GetMetrics)
  FTL_SERVE_STREAM(Ask)

  int held() const { return held_; }
  void LetGo() {
    asio::post(serving_.executor(), [this] { let_go_.expires_at(Deadline::min()); });
  }

 private:
  Task<pb::GetMetricsResponse> GetMetrics(const CallContext&, const pb::GetMetricsRequest& request) {
    if (request.session_id() == kHeld) {
      ++held_;
      co_await let_go_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    pb::GetMetricsResponse response;
    response.mutable_p95_latency()->set_seconds(1);
    (*response.mutable_errors_by_type())["timeout"] = 2;
    co_return response;
  }
  Task<> Ask(const CallContext&, const pb::AskRequest& request, rpc::Writer<pb::AskResponse>& writer) {
    if (request.session_id() == kEnded) co_return Refuse(Reason::kSessionExpired, "The session is over.");
    pb::AskResponse response;
    response.mutable_piece()->mutable_tool_call()->set_id("c1");
    CO_TRY(co_await writer.Write(response));
    response.mutable_piece()->set_content("Two\nlines");
    CO_TRY(co_await writer.Write(response));
    if (request.messages_size() > 0) co_return Refuse(Reason::kDatabaseUnavailable, "No database.");
    co_return absl::OkStatus();
  }
  rpc::Serving serving_;
  asio::steady_timer let_go_;
  std::atomic<int> held_ = 0;
};

}  // namespace fake_analytics

namespace fake_exporter {

namespace pb = finetunelab::exporter::v1;

class Exporter final : public pb::ExporterService::CallbackService {
 public:
  explicit Exporter(rpc::Serving serving) : serving_(std::move(serving)) {}
  FTL_SERVE_STREAM(Export)

 private:
  Task<> Export(const CallContext&, const pb::ExportRequest& request, rpc::Writer<pb::ExportResponse>& writer) {
    pb::ExportResponse response;
    response.mutable_head()->set_file_name("finetunelab-batch-test-2026-01-01.csv");
    response.mutable_head()->set_content_type("text/csv; charset=utf-8");
    CO_TRY(co_await writer.Write(response));
    for (int i = 0; i < 3; ++i) {
      response.set_chunk("row\r\n");
      CO_TRY(co_await writer.Write(response));
    }
    if (request.test_run_id() == "breaks") co_return Refuse(Reason::kDatabaseUnavailable, "No database.");
    co_return absl::OkStatus();
  }
  rpc::Serving serving_;
};

}  // namespace fake_exporter

struct Answer {
  std::string head;
  std::string body;  // without chunk framing
  bool whole = true;
};

class GatewayTest : public testing::Test {
 protected:
  explicit GatewayTest(const std::string& workspace = "off") {
    thread_ = std::thread([this] { io_.run(); });
    const rpc::Serving serving(io_.get_executor(), "token");
    const auto serve = [&](const std::string& name, std::unique_ptr<grpc::Service> service) {
      std::vector<std::unique_ptr<grpc::Service>> services;
      services.push_back(std::move(service));
      servers_.push_back(*rpc::Server::WithoutPort(std::move(services)));
      servers_.back()->health().SetAll(true);
      channels_.Set(name, servers_.back()->InProcess("gateway", "token"));
    };
    auto runner = std::make_unique<fake_runner::Runner>(serving);
    runner_ = runner.get();
    serve("session-vault", std::make_unique<fake::Vault>(serving));
    serve("batch-runner", std::move(runner));
    auto analytics = std::make_unique<fake_analytics::Analytics>(serving);
    analytics_ = analytics.get();
    serve("analytics", std::move(analytics));
    serve("export", std::make_unique<fake_exporter::Exporter>(serving));
    const std::filesystem::path port_file = testing::TempDir() + "/gateway_test.port";
    host::Settings settings([&](const std::string& name) -> std::optional<std::string> {
      if (name == "FTL_HTTP_ADDRESS") return "127.0.0.1:0";
      if (name == "FTL_PORT_FILE") return port_file.string();
      if (name == "FTL_WORKSPACE") return workspace;
      return std::nullopt;
    });
    module_ = GatewayModule().make(settings);
    environment_.reset(new host::Environment{io_.get_executor(), channels_});
    EXPECT_TRUE(Await(module_->Start(*environment_)).ok());
    std::ifstream(port_file) >> port_;
  }
  ~GatewayTest() override {
    EXPECT_TRUE(Await(module_->Stop()).ok());
    for (auto& server : servers_) server->Shutdown(absl::Seconds(1));
    servers_.clear();
    work_.reset();
    thread_.join();
  }
  absl::Status Await(Task<> task) { return asio::co_spawn(io_, std::move(task), asio::use_future).get(); }

  // From 127.0.0.`last`.
  tcp::socket Connect(int last = 1) {
    tcp::socket socket(clients_);
    socket.open(tcp::v4());
    socket.bind(tcp::endpoint(asio::ip::address_v4(0x7f000000u + static_cast<uint32_t>(last)), 0));
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port_)));
    return socket;
  }
  tcp::socket Send(std::string_view method, std::string_view target, std::string_view body = "",
                   std::string_view fields = "") {
    tcp::socket socket = Connect();
    const std::string type = body.empty() ? "" : "Content-Type: application/json\r\n";
    asio::write(socket, asio::buffer(fmt::format(
                            "{} {} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: {}\r\n{}{}\r\n{}",
                            method, target, body.size(), type, fields, body)));
    return socket;
  }
  static Answer Hear(tcp::socket socket) {
    std::string all;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(all), error);
    Answer answer;
    const size_t end = all.find("\r\n\r\n");
    answer.head = all.substr(0, end == std::string::npos ? all.size() : end + 2);
    std::string_view rest = std::string_view(all).substr(std::min(all.size(), end + 4));
    if (answer.head.find("Transfer-Encoding: chunked") == std::string::npos) {
      answer.body = rest;
      return answer;
    }
    answer.whole = false;
    while (!rest.empty()) {
      const size_t size = std::strtoul(std::string(rest.substr(0, 8)).c_str(), nullptr, 16);
      if (size == 0) answer.whole = true;
      if (size == 0) break;
      rest.remove_prefix(rest.find("\r\n") + 2);
      answer.body += rest.substr(0, size);
      rest.remove_prefix(std::min(rest.size(), size + 2));
    }
    return answer;
  }
  Answer Ask(std::string_view method, std::string_view target, std::string_view body = "",
             std::string_view fields = "") {
    return Hear(Send(method, target, body, fields));
  }

  asio::io_context io_{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{io_.get_executor()};
  std::thread thread_;
  asio::io_context clients_;
  std::vector<std::unique_ptr<rpc::Server>> servers_;
  fake_runner::Runner* runner_ = nullptr;
  fake_analytics::Analytics* analytics_ = nullptr;
  rpc::Channels channels_;
  std::unique_ptr<host::Environment> environment_;
  std::unique_ptr<host::Module> module_;
  int port_ = 0;
};

constexpr std::string_view kDemo = "/api/demo/v2";

std::string Demo(std::string_view path) { return fmt::format("{}{}", kDemo, path); }

TEST_F(GatewayTest, OpensASessionWithEverythingThatTheVaultNeeds) {
  const Answer answer =
      Ask("POST", Demo("/configure"),
          R"({"endpoint_url":"https://e.example/v1","api_key":"sk-1","model_id":"m","provider":"together"})",
          "Idempotency-Key: k1\r\nX-Request-Id: r1\r\n");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_EQ(answer.body, fmt::format(R"({{"session_id":"{}","expires_at":"1970-01-01T01:00:00Z","model_id":"m",)"
                                     R"("model_name":"sk-1 k1 127.0.0.1 r1"}})",
                                     kSession));
}

TEST_F(GatewayTest, JoinsTheLatestRunIntoASessionsState) {
  const Answer answer = Ask("GET", Demo("/configure?session_id=" + kSession));
  EXPECT_THAT(answer.body, AllOf(HasSubstr("\"connection_latency_ms\":12.345"),
                                 HasSubstr(fmt::format("\"latest_test_run_id\":\"{}\"", kRun))));
  EXPECT_THAT(Ask("GET", Demo("/configure"), "", "Authorization: Bearer " + kEnded + "\r\n").head,
              StartsWith("HTTP/1.1 410 "));
}

TEST_F(GatewayTest, GivesResultsWithARunAskedByItsIdOnly) {
  EXPECT_THAT(Ask("GET", Demo("/batch-test?session_id=" + kSession)).body, Not(HasSubstr("results")));
  EXPECT_THAT(Ask("GET", Demo(fmt::format("/batch-test?test_run_id={}", kRun))).body, HasSubstr("\"results\":[{"));
  EXPECT_THAT(Ask("GET", Demo(fmt::format("/batch-test/{}/status", kRun))).body, HasSubstr("\"status\":\"running\""));
  EXPECT_THAT(Ask("GET", Demo("/batch-test?session_id=" + kEnded)).body, HasSubstr("\"code\":\"no_run\""));
  EXPECT_THAT(Ask("GET", Demo("/batch-test")).head, StartsWith("HTTP/1.1 422 "));
}

TEST_F(GatewayTest, CancelsARunWithoutABody) {
  EXPECT_THAT(Ask("POST", Demo(fmt::format("/batch-test/{}/cancel", kRun))).body,
              HasSubstr("\"status\":\"cancelled\""));
}

TEST_F(GatewayTest, HasNothingOfTheWorkspaceWhereThereIsNone) {
  for (const char* path : {"/api-keys", "/api-keys/openai", "/api-keys/openai/test", "/api/tokens", "/api/tokens/x",
                           "/api/models", "/v1/models", "/workspace"}) {
    for (const char* method : {"GET", "POST", "DELETE"}) {
      EXPECT_THAT(Ask(method, path).head, HasSubstr(" 404 ")) << method << path;
    }
  }
}

class WorkspaceGatewayTest : public GatewayTest {
 protected:
  WorkspaceGatewayTest() : GatewayTest("local") {}
};

TEST_F(WorkspaceGatewayTest, KnowsTheMethodOfEachOfItsRoutesWithoutTheServicesInItsProgram) {
  const std::string described = Ask("GET", "/openapi.json").body;
  for (const char* path : {"/api-keys", "/api/tokens", "/api/models", "/api/conversations", "/api/templates",
                           "/api/agents", "/api/chat", "/api/history", "/api/history/export", "/benchmark/llm"}) {
    EXPECT_THAT(described, HasSubstr(fmt::format("\"{}\":", path)));
  }
}

TEST(GatewaySettingsTest, RefusesAWorkspaceWithoutSignInThatOthersCouldReach) {
  const auto faults = [](const std::string& address, const std::string& workspace) {
    host::Settings settings([&](const std::string& name) -> std::optional<std::string> {
      if (name == "FTL_HTTP_ADDRESS") return address;
      if (name == "FTL_WORKSPACE") return workspace;
      return std::nullopt;
    });
    (void)ReadGatewaySettings(settings);
    return settings.faults().empty() ? std::string() : settings.faults().listed().at(0).message;
  };
  for (const char* address : {"127.0.0.1:0", "127.9.9.9:80", "[::1]:8080"}) EXPECT_EQ(faults(address, "local"), "");
  for (const char* address : {"0.0.0.0:8080", "[::]:8080", "192.0.2.1:80"}) {
    EXPECT_THAT(faults(address, "local"), HasSubstr("listen on 127.0.0.1")) << address;
    EXPECT_EQ(faults(address, "off"), "");
  }
  EXPECT_THAT(faults("127.0.0.1:0", "on"), HasSubstr("off, local"));
}

TEST(WorkspaceDoorTest, KnowsTheNamesOfThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(NamesLoopback(host)) << host;
  }
  for (const char* host : {"", "localhost.example.org", "example.org", "127.0.0.1.example.org", "10.0.0.1", "[::2]:80",
                           "[::ffff:127.0.0.1]", "0.0.0.0", "[::1", "::1", "2130706433", "127.1"}) {
    EXPECT_FALSE(NamesLoopback(host)) << host;
  }
}

TEST_F(GatewayTest, RefusesWhatIsNotForIt) {
  const std::string body = R"({"endpoint_url":"https://e.example/v1","model_id":"m"})";
  EXPECT_THAT(Ask("POST", Demo("/configure"), body, "Origin: https://evil.example\r\n").head,
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Ask("POST", Demo("/configure"), body, "Sec-Fetch-Site: cross-site\r\n").head,
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Ask("POST", Demo("/configure")).head, StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(Ask("POST", Demo("/configure"), std::string(70'000, ' ')).head, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("PUT", Demo("/configure")).head,
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: DELETE, GET, HEAD, POST, OPTIONS\r\n")));
  EXPECT_THAT(Ask("OPTIONS", Demo("/configure")).head, StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(Ask("GET", Demo("/nothing")).head, StartsWith("HTTP/1.1 404 "));
}

std::string Many(std::string_view element, size_t bytes) {
  std::string list(element);
  while (list.size() < bytes) list.append(",").append(element);
  return list;
}

double CpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

TEST_F(GatewayTest, ReadsALargeBodyOnlyForASessionThatIsThere) {
  const std::string ones = Many("1", 8 << 20);
  const auto body = [&](std::string_view session) {
    return fmt::format(R"({{"name":"n","prompts":[{}]{}}})", ones, session);
  };
  const auto suites = [&](std::string_view session, std::string_view fields = "") {
    return Ask("POST", Demo("/test-suites"), body(session), fields);
  };
  const double before = CpuSeconds();
  EXPECT_THAT(suites("").body, HasSubstr(R"("field":"session_id","message":"is missing")"));
  EXPECT_THAT(suites(R"(,"session_id":"demo-1")").head, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(suites(fmt::format(R"(,"session_id":"{}")", kEnded)).head, StartsWith("HTTP/1.1 410 "));
  EXPECT_THAT(suites("", "Authorization: Bearer " + kEnded + "\r\n").head, StartsWith("HTTP/1.1 410 "));
  EXPECT_THAT(suites(fmt::format(R"(,"session_id":"{}")", kSession)).head, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(suites("", "Authorization: Bearer " + kSession + "\r\n").head, StartsWith("HTTP/1.1 413 "));
  // Sending and reading them is all that it costs.
  EXPECT_LT(CpuSeconds() - before, 2);
}

// The most that this thread works between two turns of the loop.
class LongestTurn {
 public:
  explicit LongestTurn(asio::io_context& io) : io_(io) {
    asio::post(io_, [this] { Turn(); });
  }
  double Milliseconds() {
    is_over_ = true;
    ended_.get_future().wait();
    return longest_ * 1000;
  }

 private:
  void Turn() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    const double now = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
    if (last_ > 0) longest_ = std::max(longest_, now - last_);
    last_ = now;
    if (is_over_) return ended_.set_value();
    asio::post(io_, [this] { Turn(); });
  }

  asio::io_context& io_;
  double last_ = 0;
  double longest_ = 0;
  std::atomic<bool> is_over_ = false;
  std::promise<void> ended_;
};

TEST_F(GatewayTest, LooksForASessionBehindThirtyMegabytesInTurns) {
  for (const std::string& filler : {Many("1", 31 << 20), '"' + std::string(31 << 20, '\\') + '"'}) {
    LongestTurn turn(io_);
    const Answer answer =
        Ask("POST", Demo("/test-suites"), fmt::format(R"({{"prompts":[{}],"session_id":"{}"}})", filler, kEnded));
    const double milliseconds = turn.Milliseconds();
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 410 "));
    RecordProperty("longest_turn_ms", fmt::format("{:.2f}", milliseconds));
    EXPECT_LT(milliseconds, 30);
  }
}

TEST_F(GatewayTest, ListsAHundredFaultsOfALargeBody) {
  const Answer answer = Ask("POST", Demo("/test-suites"),
                            fmt::format(R"({{"session_id":"{}","prompts":[{}]}})", kSession, Many("1", 250'000)));
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer.body, HasSubstr(R"("more_errors":)"));
  EXPECT_LT(answer.body.size(), 16'000u);
}

TEST_F(GatewayTest, HasRoomForSoManyLargeBodiesOfAnAddress) {
  std::vector<tcp::socket> held;
  for (int i = 0; i < 5; ++i) {
    held.push_back(Connect());
    asio::write(held.back(), asio::buffer(fmt::format("POST {} HTTP/1.1\r\nHost: lab\r\nContent-Length: {}\r\n"
                                                      "Content-Type: application/json\r\n\r\n{{",
                                                      Demo("/test-suites"), 32 << 20)));
  }
  // Whichever came last.
  const auto is_answered = [](const tcp::socket& socket) { return socket.available() > 0; };
  auto refused = held.end();
  for (int i = 0; i < 1000 && refused == held.end(); ++i) {
    refused = std::find_if(held.begin(), held.end(), is_answered);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_NE(refused, held.end());
  char bytes[12];
  asio::read(*refused, asio::buffer(bytes));
  EXPECT_EQ(std::string_view(bytes, sizeof bytes), "HTTP/1.1 503");
  held.clear();
  const Answer later = Ask("POST", Demo("/test-suites"), "{\"a\":\"" + Many("b", 1 << 20) + "\"}");
  EXPECT_THAT(later.head, StartsWith("HTTP/1.1 422 "));
}

TEST_F(GatewayTest, RefusesEarlyWhatItCannotCarryAndServesTheRest) {
  constexpr int kMostUnderWay = 4096;
  const std::string target = Demo("/analytics/metrics?session_id=" + kHeld);
  const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n", target);
  std::vector<tcp::socket> held;
  for (int i = 0; i < kMostUnderWay; ++i) {
    held.push_back(Connect(2 + i % 8));
    asio::write(held.back(), asio::buffer(request));
  }
  for (int i = 0; i < 2000 && analytics_->held() < kMostUnderWay; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(analytics_->held(), kMostUnderWay);
  const auto started = std::chrono::steady_clock::now();
  const Answer refused = Ask("GET", target);
  EXPECT_THAT(refused.head, AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nRetry-After: ")));
  EXPECT_THAT(refused.body, HasSubstr("\"code\":\"overloaded\""));
  EXPECT_THAT(Ask("GET", "/livez").head, StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
  EXPECT_EQ(analytics_->held(), kMostUnderWay);
  analytics_->LetGo();
  for (tcp::socket& socket : held) EXPECT_THAT(Hear(std::move(socket)).head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask("GET", target).head, StartsWith("HTTP/1.1 200 ")) << "there is room again";
}

TEST_F(GatewayTest, CountsDiscoveryWithoutASession) {
  const Answer refused = Ask("POST", Demo("/configure/models"), R"({"endpoint_url":"https://e.example/v1"})");
  EXPECT_THAT(refused.head, AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("\r\nRetry-After: 7\r\n")));
  const Answer taken = Ask("POST", Demo("/configure/models"), fmt::format(R"({{"session_id":"{}"}})", kSession));
  EXPECT_EQ(taken.body, R"({"models":[]})");
}

TEST_F(GatewayTest, TellsTheBrowserToForgetAfterCleanUp) {
  const Answer now = Ask("POST", Demo("/cleanup"), R"({"session_id":"demo-unknown"})");
  EXPECT_THAT(now.head, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nClear-Site-Data: ")));
  EXPECT_THAT(now.body, HasSubstr("\"testRuns\":1"));
  const Answer later =
      Ask("POST", Demo("/cleanup"), fmt::format(R"({{"session_id":"{}","when":"if_abandoned"}})", kSession));
  EXPECT_THAT(later.head, Not(HasSubstr("Clear-Site-Data")));
}

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  file >> size >> resident;
  return resident * 4096;
}

// AddressSanitizer holds back so much of what was freed.
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kHeldBack = 256 << 20;
#else
constexpr size_t kHeldBack = 0;
#endif

// 75 MB of results are there for each of them, of which the sockets take some.
TEST_F(GatewayTest, KeepsNothingOfItsOwnForReadersThatDoNotRead) {
  constexpr int kReaders = 200;
  const size_t before = ResidentBytes();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < kReaders; ++i) {
    silent.push_back(Send("GET", Demo(fmt::format("/batch-test/{}/events", kLongRun)), "",
                          fmt::format("Last-Event-ID: {}\r\n", i % 4)));
  }
  double worst = 0;
  for (int i = 0; i < 50; ++i) {
    const auto asked = std::chrono::steady_clock::now();
    EXPECT_THAT(Ask("GET", "/livez").head, StartsWith("HTTP/1.1 200 "));
    worst = std::max(worst, std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LT(worst, 1);
  EXPECT_LT(ResidentBytes(), before + (100 << 20) + kHeldBack);
  EXPECT_LT(runner_->lists(), 40);
  const Answer whole = Hear(Send("GET", Demo(fmt::format("/batch-test/{}/events", kLongRun))));
  int64_t next = 1;
  for (size_t at = 0; (at = whole.body.find("\nid: ", at)) != std::string::npos; ++at) {
    EXPECT_EQ(std::strtoll(whole.body.c_str() + at + 5, nullptr, 10), next++);
  }
  EXPECT_EQ(next, fake_runner::Runner::kLongLast + 2);
  EXPECT_TRUE(whole.whole);
}

TEST_F(GatewayTest, SendsEveryResultOnceAndInOrderToWhoeverComesWhenever) {
  tcp::socket early = Send("GET", Demo(fmt::format("/batch-test/{}/events", kRun)));
  tcp::socket resuming = Send("GET", Demo(fmt::format("/batch-test/{}/events", kRun)), "", "Last-Event-ID: 4\r\n");
  tcp::socket by_query = Send("GET", Demo(fmt::format("/batch-test/{}/events?last_event_id=2", kRun)));
  // Whoever comes after the end has a stream of his own.
  const prometheus::Gauge& watchers =
      metrics::GaugeOf("ftl_gateway_watchers", "Pages that watch a run through this process.");
  for (int i = 0; i < 500 && watchers.Value() < 3; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_EQ(watchers.Value(), 3);
  runner_->Finish();
  const auto ids = [](const Answer& answer) {
    std::string found;
    for (size_t at = 0; (at = answer.body.find("\nid: ", at)) != std::string::npos; ++at)
      found += answer.body.substr(at + 5, 1);
    return found;
  };
  const Answer whole = Hear(std::move(early));
  EXPECT_THAT(whole.head,
              AllOf(HasSubstr("Content-Type: text/event-stream\r\n"), HasSubstr("X-Accel-Buffering: no\r\n")));
  EXPECT_THAT(whole.body, StartsWith("retry: 1000\n\nevent: progress\ndata: {"));
  EXPECT_THAT(whole.body.substr(whole.body.find("event: progress") + 1), Not(HasSubstr("event: progress")));
  EXPECT_EQ(ids(whole), "123456");
  EXPECT_THAT(whole.body, HasSubstr("event: done\nid: 6\ndata: {\"id\":"));
  EXPECT_TRUE(whole.whole);
  EXPECT_EQ(ids(Hear(std::move(resuming))), "56");
  EXPECT_EQ(ids(Hear(std::move(by_query))), "3456");
  EXPECT_EQ(runner_->streams(), 1);
}

TEST_F(GatewayTest, RefusesToWatchWhatIsNotThereBeforeTheStreamBegins) {
  EXPECT_THAT(Ask("GET", Demo("/batch-test/other/events")).head, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("GET", Demo(fmt::format("/batch-test/{}/events", kRun)), "", "Last-Event-ID: x\r\n").head,
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(GatewayTest, StreamsAnAnswerOfAtlasToItsEnd) {
  const Answer answer = Ask("POST", Demo("/atlas"), fmt::format(R"({{"session_id":"{}"}})", kSession));
  EXPECT_EQ(answer.body,
            "data: {\"type\":\"tool_call\",\"id\":\"c1\",\"tool\":\"\",\"query_text\":\"\"}\n\n"
            "data: {\"content\":\"Two\\nlines\"}\n\ndata: [DONE]\n\n");
}

TEST_F(GatewayTest, SaysThatAnAnswerBrokeOff) {
  const Answer broken =
      Ask("POST", Demo("/atlas"),
          fmt::format(R"({{"session_id":"{}","messages":[{{"role":"user","content":"p95?"}}]}})", kSession));
  EXPECT_THAT(broken.body, AllOf(HasSubstr("data: {\"type\":\"error\","),
                                 HasSubstr("\"code\":\"database_unavailable\""), EndsWith("data: [DONE]\n\n")));
  EXPECT_THAT(Ask("POST", Demo("/atlas"), fmt::format(R"({{"session_id":"{}"}})", kEnded)).head,
              StartsWith("HTTP/1.1 410 "));
}

TEST_F(GatewayTest, StreamsAReportAndCutsABrokenOneOff) {
  const Answer report = Ask("GET", Demo("/export?format=csv&session_id=" + kSession));
  EXPECT_THAT(
      report.head,
      AllOf(HasSubstr("Content-Type: text/csv; charset=utf-8\r\n"),
            HasSubstr("Content-Disposition: attachment; filename=\"finetunelab-batch-test-2026-01-01.csv\"\r\n")));
  EXPECT_EQ(report.body, "row\r\nrow\r\nrow\r\n");
  EXPECT_TRUE(report.whole);
  EXPECT_FALSE(Ask("GET", Demo("/export?format=csv&test_run_id=breaks&session_id=" + kSession)).whole);
  EXPECT_THAT(Ask("GET", Demo("/export?format=docx&session_id=" + kSession)).head, StartsWith("HTTP/1.1 422 "));
  EXPECT_THAT(Ask("GET", Demo("/export?session_id=" + kSession)).head, StartsWith("HTTP/1.1 422 "));
}

TEST_F(GatewayTest, KnowsHowItAndItsServicesFare) {
  EXPECT_THAT(Ask("GET", "/health").body, AllOf(StartsWith("{\"status\":\"ok\""),
                                                HasSubstr("{\"name\":\"export\",\"status\":\"ok\",\"version\":\"")));
  EXPECT_THAT(Ask("GET", "/readyz").head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask("GET", "/metrics/prometheus").body, HasSubstr("ftl_http_server_requests_total{"));
  EXPECT_THAT(Ask("GET", "/metrics").body, HasSubstr("\"cpu_usage_percent\":"));
}

TEST_F(GatewayTest, ServesItsDescriptionAndItsPage) {
  EXPECT_THAT(Ask("GET", "/openapi.json").body,
              AllOf(StartsWith("{\"openapi\":\"3.1.0\""), HasSubstr("\"/api/demo/v2/export\""),
                    HasSubstr("From the first byte sent to the end of the answer")));
  EXPECT_THAT(Ask("HEAD", "/livez").body, "");
}

TEST_F(GatewayTest, KeepsStoredResultsOnlyWhileSomebodyReadsTheRun) {
  Upstream upstream(io_.get_executor(), channels_);
  auto read_twice = [&](int& listed) -> Task<> {
    StoredResults results(io_.get_executor(), upstream);
    for (int i = 0; i < 2; ++i) {
      const StoredResults::Reader reader(results, kLongRun);
      for (int j = 0; j < 3; ++j) CO_TRY(co_await results.After(kLongRun, 0));
      listed = runner_->lists();
    }
    co_return absl::OkStatus();
  };
  int listed = 0;
  EXPECT_TRUE(Await(read_twice(listed)).ok());
  EXPECT_EQ(listed, 2) << "once for each time that somebody reads";
}

TEST_F(GatewayTest, DrainsInOrder) {
  tcp::socket stream = Send("GET", Demo(fmt::format("/batch-test/{}/events", kRun)));
  char byte;
  asio::read(stream, asio::buffer(&byte, 1));
  auto drained = asio::co_spawn(io_, module_->Drain(DeadlineIn(absl::Seconds(5))), asio::use_future);
  EXPECT_THAT(Ask("GET", "/readyz").head, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(Ask("GET", "/livez").head, StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(Hear(std::move(stream)).body.size() > 0);
  EXPECT_TRUE(drained.get().ok());
}

}  // namespace
}  // namespace ftl::gateway
