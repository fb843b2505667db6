#include "common/rpc/serve.h"

#include <optional>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include "common/error/try.h"
#include "common/rpc/call.h"
#include "common/rpc/channels.h"
#include "common/rpc/server.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.grpc.pb.h"

namespace ftl::rpc {
namespace {

namespace pb = finetunelab::batch_runner::v1;

// Answers with what it was told; a run called `slow` never ends by itself.
class Echo final : public pb::BatchRunnerService::CallbackService {
 public:
  explicit Echo(Serving serving) : serving_(std::move(serving)) {}
  FTL_SERVE(CancelRun)
  FTL_SERVE_STREAM(WatchRun)

  Task<pb::CancelRunResponse> CancelRun(const CallContext& call, const pb::CancelRunRequest& request) {
    if (request.test_run_id() == "slow") {
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      ++cancelled;
      co_return Refuse(Reason::kCancelled, "broken off");
    }
    if (request.test_run_id().empty()) co_return Refuse(Reason::kRunNotFound, "No such run.");
    if (request.test_run_id() == "faulty") {
      FieldFaults faults;
      for (int i = 0; i < 130; ++i) faults.Add(fmt::format("prompts[{}].checks[0].kind", i), std::string(120, 'x'));
      co_return faults.Verdict();
    }
    pb::CancelRunResponse response;
    response.set_id(call.caller);
    response.set_model_name(call.request_id);
    co_return response;
  }

  Task<> WatchRun(const CallContext&, const pb::WatchRunRequest& request, Writer<pb::WatchRunResponse>& writer) {
    for (int64_t i = 1; i <= request.after_sequence(); ++i) {
      pb::WatchRunResponse message;
      message.add_events()->set_sequence(i);
      CO_TRY(co_await writer.Write(message));
    }
    if (request.test_run_id() == "failing") co_return Refuse(Reason::kSessionExpired, "over");
    co_return absl::OkStatus();
  }

  std::atomic<int> cancelled = 0;

 private:
  Serving serving_;
};

class ServeTest : public testing::Test {
 protected:
  ServeTest() {
    auto echo = std::make_unique<Echo>(Serving(io_.get_executor(), "token"));
    echo_ = echo.get();
    std::vector<std::unique_ptr<grpc::Service>> services;
    services.push_back(std::move(echo));
    server_ = *Server::WithoutPort(std::move(services));
    stub_ = pb::BatchRunnerService::NewStub(server_->InProcess("gateway", "token"));
  }
  ~ServeTest() override {
    server_.reset();
    work_.reset();
    thread_.join();
  }

  absl::StatusOr<pb::CancelRunResponse> Cancel(const std::string& run, absl::Duration limit,
                                               pb::BatchRunnerService::Stub& stub) {
    pb::CancelRunRequest request;
    request.set_test_run_id(run);
    CallContext call = OwnCall(limit);
    call.request_id = "request-1";
    return asio::co_spawn(io_, Call(call, stub.async(), &pb::BatchRunnerService::Stub::async::CancelRun, request),
                          asio::use_future)
        .get();
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_{[this] { io_.run(); }};
  Echo* echo_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<pb::BatchRunnerService::Stub> stub_;
};

TEST_F(ServeTest, CarriesRequestIdAndProvenCaller) {
  const auto response = Cancel("x", absl::Seconds(5), *stub_);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->id(), "gateway");
  EXPECT_EQ(response->model_name(), "request-1");
}

TEST_F(ServeTest, RefusalsArriveWhole) {
  EXPECT_EQ(ReasonOf(Cancel("", absl::Seconds(5), *stub_).status()), Reason::kRunNotFound);
}

TEST_F(ServeTest, AHundredFaultsArriveOverTheNetwork) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<Echo>(Serving(io_.get_executor(), "token")));
  const auto server = *Server::Listen("127.0.0.1:0", TlsFiles(), std::move(services));
  const auto channel = *Channels::Remote(fmt::format("127.0.0.1:{}", server->port()), "batch-runner", TlsFiles());
  const auto stub = pb::BatchRunnerService::NewStub(channel());
  const absl::Status status = Cancel("faulty", absl::Seconds(5), *stub).status();
  EXPECT_EQ(FieldFaultsOf(status).size(), 100u) << status;
  EXPECT_EQ(FactsOf(status).at("more_errors"), "30");
}

TEST_F(ServeTest, ADeadlineThatPassesEndsTheCallAndItsCoroutine) {
  EXPECT_EQ(ReasonOf(Cancel("slow", absl::Milliseconds(50), *stub_).status()), Reason::kDeadlineExceeded);
  while (echo_->cancelled == 0) std::this_thread::yield();
}

TEST_F(ServeTest, AServiceThatStopsInTheMiddleOfACallIsUnavailableAndNotTheCallersDoing) {
  std::thread stopping([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    server_->Shutdown(absl::ZeroDuration());
  });
  const absl::Status status = Cancel("slow", absl::Seconds(5), *stub_).status();
  stopping.join();
  EXPECT_EQ(ReasonOf(status), Reason::kServiceUnavailable) << status;
}

TEST_F(ServeTest, AWrongTokenGivesNoCaller) {
  auto stub = pb::BatchRunnerService::NewStub(server_->InProcess("gateway", "guess"));
  EXPECT_EQ(ReasonOf(Cancel("x", absl::Seconds(5), *stub).status()), Reason::kPermissionDenied);
}

TEST_F(ServeTest, AStreamGivesEveryMessageThenItsEnd) {
  auto read = [this](std::string run) -> Task<int> {
    pb::WatchRunRequest request;
    request.set_test_run_id(run);
    request.set_after_sequence(100);
    auto stream = Stream<pb::WatchRunResponse>::Start(OwnCall(absl::Seconds(5)), stub_->async(),
                                                      &pb::BatchRunnerService::Stub::async::WatchRun, request);
    int count = 0;
    while (true) {
      CO_TRY(const auto message, co_await stream.Next());
      if (!message) co_return count;
      if (message->events(0).sequence() != ++count) co_return -1;
    }
  };
  EXPECT_EQ(*asio::co_spawn(io_, read("good"), asio::use_future).get(), 100);
  EXPECT_EQ(ReasonOf(asio::co_spawn(io_, read("failing"), asio::use_future).get().status()), Reason::kSessionExpired);
}

TEST_F(ServeTest, AStreamToNobodyEndsHoweverFastItFails) {
  const auto nobody = grpc::CreateChannel("unix:/nobody/listens/here", grpc::InsecureChannelCredentials());
  const auto stub = pb::BatchRunnerService::NewStub(nobody);
  auto read = [&stub]() -> Task<std::optional<pb::WatchRunResponse>> {
    auto stream =
        Stream<pb::WatchRunResponse>::Start(OwnCall(absl::Seconds(5)), stub->async(),
                                            &pb::BatchRunnerService::Stub::async::WatchRun, pb::WatchRunRequest());
    co_return co_await stream.Next();
  };
  for (int i = 0; i < 2000; ++i) {
    const auto event = asio::co_spawn(io_, read(), asio::use_future).get();
    ASSERT_EQ(ReasonOf(event.status()), Reason::kServiceUnavailable) << event.status();
  }
}

}  // namespace
}  // namespace ftl::rpc
