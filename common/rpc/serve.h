#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <grpcpp/support/server_callback.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/async/task.h"
#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/observe/trace/span.h"
#include "common/observe/trace/traced_executor.h"
#include "common/rpc/serving.h"
#include "common/secret/stack_residue.h"

// A coroutine as a gRPC reactor. In the class of a service, one line a method; the coroutine of the same name does the
// work on the module's thread:
//   FTL_SERVE(StartRun)          →  Task<StartRunResponse> StartRun(const CallContext&, const StartRunRequest&);
//   FTL_SERVE_STREAM(WatchRun)   →  Task<> WatchRun(const CallContext&, const WatchRunRequest&,
//   rpc::Writer<WatchRunResponse>&);
// The class has a member `serving_` (rpc::Serving) and an alias `pb` for the package of its messages in scope;
// FTL_SERVE_BY names another rpc::Serving, for a method that runs on another thread. A client that goes away cancels
// the coroutine (asio cancellation, terminal). Status, metrics and log are written here and nowhere else.
#define FTL_SERVE(Method) FTL_SERVE_BY(serving_, Method)
#define FTL_SERVE_BY(serving, Method)                                                                                  \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, const pb::Method##Request* request,           \
                                   pb::Method##Response* response) override {                                          \
    return ::ftl::rpc::ServeUnary(                                                                                     \
        serving, context, request, response, #Method,                                                                  \
        [this](const ::ftl::CallContext& call, const pb::Method##Request& message) { return Method(call, message); }); \
  }

#define FTL_SERVE_STREAM(Method)                                                                             \
  grpc::ServerWriteReactor<pb::Method##Response>* Method(grpc::CallbackServerContext* context,               \
                                                         const pb::Method##Request* request) override {      \
    return ::ftl::rpc::ServeStream<pb::Method##Response>(                                                    \
        serving_, context, request, #Method,                                                                 \
        [this](const ::ftl::CallContext& call, const pb::Method##Request& message,                           \
               ::ftl::rpc::Writer<pb::Method##Response>& writer) { return Method(call, message, writer); }); \
  }

namespace ftl::rpc {

inline constexpr absl::Duration kUnaryLimit = absl::Seconds(60);
inline constexpr absl::Duration kStreamLimit = absl::Hours(24);

// Where a streaming method puts its messages, one at a time.
template <typename Response>
class Writer {
 public:
  virtual ~Writer() = default;
  // Ends when the transport has taken the message: back-pressure. Fails with CANCELLED when the client has gone.
  virtual Task<> Write(const Response& message) = 0;
};

// What the two kinds of reactor share: the call, its cancellation, its end. Lives until gRPC has said OnDone and the
// coroutine has ended.
class CallState : public std::enable_shared_from_this<CallState> {
 public:
  CallState(const Serving& serving, std::string_view method) : serving_(serving), method_(method) {}

  // The call is understood: its span begins, under the caller's.
  void Begin(CallContext understood, const google::protobuf::Descriptor& request) {
    call = std::move(understood);
    span_ = serving_.BeginSpan(method_, request, call);
  }

  template <typename Coroutine, typename Finish>
  void Run(Coroutine coroutine, Finish finish) {
    auto done = [self = shared_from_this(), finish](std::exception_ptr failure, absl::Status status) {
      if (failure) status = Thrown(failure);
      self->ended_ = true;
      self->serving_.Record(self->method_, self->call, status,
                            absl::FromChrono(std::chrono::steady_clock::now() - self->start_));
      self->EndSpan(status);
      finish(ToGrpcStatus(status));
    };
    asio::co_spawn(trace::OnBehalfOf(span_.context(), serving_.executor()), std::move(coroutine),
                   asio::bind_cancellation_slot(cancel_.slot(), std::move(done)));
  }

  void Cancel() {
    asio::post(serving_.executor(), [self = shared_from_this()] {
      if (!self->ended_) self->cancel_.emit(asio::cancellation_type::terminal);
    });
  }

  CallContext call;

 private:
  void EndSpan(const absl::Status& status) {
    if (!span_.is_recorded()) return;
    span_.Set("rpc.grpc.status_code", static_cast<int64_t>(ToGrpcStatus(status).error_code()));
    if (!status.ok()) span_.Fail(CodeOf(ReasonOf(status)));
    span_.End();
  }

  static absl::Status Thrown(std::exception_ptr failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
      // The client has gone, and the coroutine was cancelled.
      if (error.code() == asio::error::operation_aborted) return absl::CancelledError("The client has gone.");
      return absl::InternalError(error.what());
    } catch (const std::exception& error) {
      return absl::InternalError(error.what());
    } catch (...) {
      return absl::InternalError("unknown exception");
    }
  }

  const Serving& serving_;
  std::string_view method_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  trace::Span span_;
  asio::cancellation_signal cancel_;
  bool ended_ = false;
};

// The message that gRPC has read for this call, and for nobody else.
template <typename Request>
Request& Mutable(const Request& request) {
  return const_cast<Request&>(request);
}

template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* ServeUnary(const Serving& serving, grpc::CallbackServerContext* context,
                                     const Request* request, Response* response, std::string_view method,
                                     Handler handler) {
  class Reactor final : public grpc::ServerUnaryReactor {
   public:
    Reactor(const Serving& serving, std::string_view method) : state(std::make_shared<CallState>(serving, method)) {}
    void OnDone() override { delete this; }
    void OnCancel() override { state->Cancel(); }
    std::shared_ptr<CallState> state;
  };
  WipeStackResidue();
  auto* reactor = new Reactor(serving, method);
  absl::StatusOr<CallContext> call = serving.Understand(*context, kUnaryLimit, Mutable(*request));
  if (!call.ok()) {
    reactor->Finish(ToGrpcStatus(call.status()));
    return reactor;
  }
  CallState& state = *reactor->state;
  state.Begin(*std::move(call), *request->GetDescriptor());
  auto coroutine = [&state, request, response, handler]() -> Task<> {
    auto result = co_await handler(state.call, *request);
    if (!result.ok()) co_return std::move(result).status();
    *response = *std::move(result);
    co_return absl::OkStatus();
  };
  state.Run(std::move(coroutine), [reactor](const grpc::Status& status) { reactor->Finish(status); });
  return reactor;
}

template <typename Response, typename Request, typename Handler>
grpc::ServerWriteReactor<Response>* ServeStream(const Serving& serving, grpc::CallbackServerContext* context,
                                                const Request* request, std::string_view method, Handler handler) {
  class Reactor final : public grpc::ServerWriteReactor<Response>, public Writer<Response> {
   public:
    Reactor(const Serving& serving, std::string_view method)
        : executor_(serving.executor()), state(std::make_shared<CallState>(serving, method)) {}
    void OnDone() override { delete this; }
    void OnCancel() override { state->Cancel(); }
    void OnWriteDone(bool ok) override {
      asio::post(executor_, [resume = std::move(resume_), ok] { resume(ok); });
    }
    Task<> Write(const Response& message) override {
      auto start = [this, &message](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        resume_ = [shared](bool ok) { std::move (*shared)(ok); };
        this->StartWrite(&message);
      };
      const bool ok =
          co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(start, asio::use_awaitable);
      co_return ok ? absl::OkStatus() : absl::Status(Refuse(Reason::kCancelled, "The client has gone."));
    }

   private:
    asio::any_io_executor executor_;
    std::function<void(bool)> resume_;

   public:
    std::shared_ptr<CallState> state;
  };
  auto* reactor = new Reactor(serving, method);
  absl::StatusOr<CallContext> call = serving.Understand(*context, kStreamLimit, Mutable(*request));
  if (!call.ok()) {
    reactor->Finish(ToGrpcStatus(call.status()));
    return reactor;
  }
  CallState& state = *reactor->state;
  state.Begin(*std::move(call), *request->GetDescriptor());
  auto coroutine = [&state, reactor, request, handler]() -> Task<> {
    co_return co_await handler(state.call, *request, static_cast<Writer<Response>&>(*reactor));
  };
  state.Run(std::move(coroutine), [reactor](const grpc::Status& status) { reactor->Finish(status); });
  return reactor;
}

}  // namespace ftl::rpc
