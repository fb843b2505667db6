#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/call.h"
#include "common/rpc/server.h"
#include "common/secret/sealed_box.h"
#include "common/session/session_id.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "services/analytics/rpc/analytics_service.h"
#include "tests/support/postgres.h"

namespace ftl::analytics {
inline constexpr char kRun[] = "b6a1c2d3-0000-4000-8000-000000000001";
inline constexpr char kOtherRun[] = "b6a1c2d3-0000-4000-8000-000000000002";
inline constexpr char kLargeRun[] = "b6a1c2d3-0000-4000-8000-000000000003";

inline double Milliseconds(const google::protobuf::Duration& span) {
  return static_cast<double>(google::protobuf::util::TimeUtil::DurationToMicroseconds(span)) / 1000;
}

// What a question was answered with.
struct Told {
  std::string text;
  std::vector<finetunelab::analytics::v1::ToolCall> calls;
  std::vector<finetunelab::analytics::v1::ToolResult> tables;
  std::string export_path;
  finetunelab::analytics::v1::Grounding grounding;
  finetunelab::analytics::v1::TokenUsage usage;
};

namespace vault_pb = finetunelab::session_vault::v1;

// Lends a key for whatever endpoint the test says; none while it says nothing.
class FakeVault final : public vault_pb::KeyLendingService::CallbackService {
 public:
  grpc::ServerUnaryReactor* LendKey(grpc::CallbackServerContext* context, const vault_pb::LendKeyRequest* request,
                                    vault_pb::LendKeyResponse* response) override {
    auto* reactor = context->DefaultReactor();
    response->set_sealed_api_key(*SealedBox::Seal(request->seal_to(), Secret("sk-test")));
    response->set_sealed_header_lines(*SealedBox::Seal(request->seal_to(), Secret()));
    response->set_endpoint_url(url);
    response->set_model_id("m");
    reactor->Finish(url.empty() ? ToGrpcStatus(Refuse(Reason::kKeyForgotten, "gone")) : grpc::Status::OK);
    return reactor;
  }
  std::string url;
};

// A session with one run of 10 prompts, 2 of which failed; and another person's session with a run of its own.
class AnalyticsTest : public testing::Test {
 protected:
  AnalyticsTest() {
    AddSession(session_id_);
    AddSession(other_session_id_);
    AddRun(session_, kRun, 0);
    AddRun(*SessionHash(other_session_id_), kOtherRun, 500'000);
    auto service =
        std::make_unique<AnalyticsService>(rpc::Serving(io_.get_executor(), "token"), database_, commentary_);
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(std::move(service));
    server_ = *rpc::Server::WithoutPort(std::move(services));
    stub_ = pb::AnalyticsService::NewStub(server_->InProcess("gateway", "token"));
  }
  ~AnalyticsTest() override {
    server_.reset();
    work_.reset();
    io_.stop();
    thread_.join();
  }

  void AddSession(const std::string& id) {
    const std::string hash = *SessionHash(id);
    test_database_.Execute(fmt::format(R"(
      INSERT INTO demo_model_configs (session_id, endpoint_url, endpoint_origin, model_id, model_name, provider, expires_at)
        VALUES ('{0}', 'https://example.com/v1', 'https://example.com', 'm', 'Model', 'custom', now() + interval '1 hour');
      INSERT INTO demo_session_expiry (demo_session_id, expires_at) VALUES ('{0}', now() + interval '1 hour'))",
                                       hash));
  }

  // Prompt i takes i * 300.5 ms (and `slower` us), gives 40 i tokens; 3 timed out and 7 was rate limited; 5 was cut, 2
  // asks back, 4 and 6 say the same, 8 failed a check.
  void AddRun(const std::string& session, const std::string& run, int64_t slower) {
    std::string rows;
    for (int i = 1; i <= 10; ++i) {
      const bool failed = i == 3 || i == 7;
      std::string response = fmt::format("Answer {} is about a refund of {} %.", i, i);
      if (i == 2) response = "Which order do you mean?";
      if (i == 4 || i == 6) response = "The same words.";
      if (i == 5) response = "This goes on and on and on and on and then";
      rows += fmt::format(
          "{}('{}', '{}', {}, {}, 'How do I solve problem {}?', '{}', 'easy', {}, {}, {}, {}, {}, {}, {}, {}, {}, "
          "'{}', 1, {}, {})",
          i == 1 ? "" : ", ", session, run, i, i, i, i % 2 ? "billing" : "returns",
          failed ? "NULL" : "'" + response + "'", !failed, failed ? "'It failed.'" : "NULL",
          i == 3   ? "'timeout'"
          : i == 7 ? "'rate_limit'"
                   : "NULL",
          i * 300500 + slower, failed ? "NULL" : fmt::to_string(i * 10000), 10 + i,
          failed ? "NULL" : fmt::to_string(i * 40), failed ? "NULL" : "5", i == 5 ? "length" : "stop",
          i == 8 ? 0 : i == 1, i == 8 ? 1 : 0);
    }
    test_database_.Execute(fmt::format(
        R"(INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, test_suite_name, model_name, total_prompts)
             VALUES ('{0}', '{1}', '{0}', gen_random_uuid(), 'Customer Support - Easy', 'Model', 10);
           INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, category, difficulty,
             response, success, error, error_type, latency_us, ttft_us, input_tokens, output_tokens, response_words, finish_reason,
             attempts, checks_passed, checks_failed, model_id)
             SELECT v.*, 'm' FROM (VALUES {2}) AS v (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
           UPDATE demo_batch_test_runs SET completed_prompts = 8, failed_prompts = 2, last_sequence = 10, status = 'completed',
             completed_at = now() WHERE id = '{1}')",
        session, run, Cast(rows)));
  }
  // The ids are text in a VALUES list.
  static std::string Cast(std::string rows) {
    for (const char* id : {kRun, kOtherRun}) {
      const std::string from = fmt::format("'{}'", id);
      for (size_t at = rows.find(from); at != std::string::npos; at = rows.find(from, at + from.size() + 6)) {
        rows.insert(at + from.size(), "::uuid");
      }
    }
    return rows;
  }

  template <typename T>
  T Wait(asio::awaitable<T> task) {
    return asio::co_spawn(io_, std::move(task), asio::use_future).get();
  }
  template <typename Response, typename Request>
  using Method = void (pb::AnalyticsService::Stub::async::*)(grpc::ClientContext*, const Request*, Response*,
                                                             std::function<void(grpc::Status)>);
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(Method<Response, Request> method, const Request& request) {
    return Wait(rpc::Call(OwnCall(absl::Seconds(10)), stub_->async(), method, request));
  }

  absl::StatusOr<Told> Ask(std::vector<std::string> questions, pb::Narrator narrator = pb::NARRATOR_AUTO) {
    pb::AskRequest request;
    request.set_narrator(narrator);
    request.set_session_id(session_id_);
    for (const std::string& question : questions) {
      pb::Message& message = *request.add_messages();
      message.set_role("user");
      message.set_content(question);
    }
    auto read = [this](pb::AskRequest asked) -> Task<Told> {
      auto stream = rpc::Stream<pb::AskResponse>::Start(OwnCall(absl::Seconds(30)), stub_->async(),
                                                        &pb::AnalyticsService::Stub::async::Ask, asked);
      Told told;
      while (true) {
        CO_TRY(auto response, co_await stream.Next());
        if (!response) co_return told;
        told.text += response->piece().content();
        if (response->piece().has_tool_call()) told.calls.push_back(response->piece().tool_call());
        if (response->piece().has_tool_result()) told.tables.push_back(response->piece().tool_result());
        if (response->piece().has_grounding()) told.grounding = response->piece().grounding();
        if (response->piece().has_token_usage()) told.usage = response->piece().token_usage();
        if (response->piece().has_export_()) told.export_path = response->piece().export_().path();
      }
    };
    return Wait(read(request));
  }
  std::string Text(const std::string& question) {
    const auto told = Ask({question});
    return told.ok() ? told->text : std::string(told.status().message());
  }

  // A run of 1,200 prompts with many equal figures; every seventh failed and has none.
  void AddLargeRun() {
    test_database_.Execute(fmt::format(R"(
      INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, model_name, status, total_prompts,
                                        completed_prompts, failed_prompts, last_sequence, completed_at)
        VALUES ('{0}', '{1}', '{0}', gen_random_uuid(), 'Model', 'completed', 1200, 1029, 171, 1200, now());
      INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, response, success,
                                           model_id, latency_us, ttft_us, output_tokens, created_at)
        SELECT '{0}', '{1}', i, 1201 - i, 'Prompt ' || i, CASE WHEN i % 7 > 0 THEN 'Ärger ' || i || ' in the câfé' END,
               i % 7 > 0, 'm', CASE WHEN i % 7 > 0 THEN i * 7919 % 300 END, CASE WHEN i % 7 > 0 THEN i % 11 END,
               CASE WHEN i % 7 > 0 THEN i % 2 END, now() - make_interval(secs => i % 50)
        FROM generate_series(1, 1200) AS i)",
                                       session_, kLargeRun));
  }
  int64_t Counted(std::string_view table) {
    const std::string sql = fmt::format("SELECT count(*) AS n FROM {}", table);
    return Wait(everybody_.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), Query{"", sql}))
        ->Only()
        .Get<int64_t>("n");
  }
  template <typename Is>
  static bool WaitFor(Is is) {
    for (int i = 0; i < 500; ++i) {
      if (is()) return true;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return false;
  }

  // What is kept of the session's run; empty where nothing is.
  std::string Kept() {
    constexpr Query kKept{"", "SELECT summary::text AS summary FROM demo_batch_test_runs"};
    const auto rows = Wait(database_.Run(DeadlineIn(absl::Seconds(5)), SessionScope(session_), kKept));
    return rows->Only().Get<std::optional<std::string>>("summary").value_or("");
  }

  const std::string session_id_ = "demo-" + std::string(64, 'a');
  const std::string other_session_id_ = "demo-" + std::string(64, 'b');
  const std::string session_ = *SessionHash(session_id_);
  TestDatabase test_database_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  Database database_{io_.get_executor(), test_database_.As("ftl_analytics")};
  Database everybody_{io_.get_executor(), test_database_.As("postgres")};
  FakeVault* vault_ = new FakeVault;
  std::unique_ptr<rpc::Server> vault_server_ = [this] {
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.emplace_back(vault_);
    return *rpc::Server::WithoutPort(std::move(services));
  }();
  const rpc::Channels channels_ = [this] {
    rpc::Channels channels;
    channels.Set("session-vault", vault_server_->InProcess("analytics", "token"));
    return channels;
  }();
  Commentary commentary_{io_.get_executor(), AddressPolicy({.allow_localhost = true}), channels_, database_, 60};
  std::thread thread_{[this] { io_.run(); }};
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<pb::AnalyticsService::Stub> stub_;
};

// The session's second run: prompt i takes 50 ms longer than in the first where it is even, else 200 ms less; 7
// succeeds, 1 fails and 9 has other words.
inline constexpr char kSecondRun[] = "b6a1c2d3-0000-4000-8000-000000000003";

class TwoRunsTest : public AnalyticsTest {
 protected:
  TwoRunsTest() {
    test_database_.Execute(fmt::format(
        R"(INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, test_suite_name, model_name, total_prompts)
             VALUES ('{0}', '{2}', '{0}', gen_random_uuid(), 'Customer Support - Easy', 'Model', 10);
           INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, category, response, success,
             error_type, latency_us, ttft_us, output_tokens, outcome, checks_passed, checks_failed, model_id)
             SELECT demo_session_id, '{2}', prompt_id, sequence, CASE prompt_id WHEN 9 THEN 'Another' ELSE prompt END, category, 'Fine',
               success AND prompt_id <> 1 OR prompt_id = 7, CASE WHEN NOT success OR prompt_id = 1 THEN 'timeout' END,
               latency_us + CASE WHEN prompt_id % 2 = 0 THEN 50000 ELSE -200000 END, ttft_us, output_tokens + prompt_id, 'ok',
               checks_passed, 0, 'm'
             FROM demo_batch_test_results WHERE test_run_id = '{1}';
           UPDATE demo_batch_test_runs SET completed_prompts = 8, failed_prompts = 2, last_sequence = 10, status = 'completed',
             started_at = now() - interval '4 seconds', completed_at = now() WHERE id = '{2}')",
        session_, kRun, kSecondRun));
  }
  absl::StatusOr<pb::CompareRunsResponse> Compared(const std::string& base, const std::string& other) {
    pb::CompareRunsRequest request;
    request.set_session_id(session_id_);
    request.set_base(base);
    request.set_other(other);
    return Call<pb::CompareRunsResponse>(&pb::AnalyticsService::Stub::async::CompareRuns, request);
  }
};

}  // namespace ftl::analytics
