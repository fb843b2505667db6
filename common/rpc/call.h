#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/async/task.h"
#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/rpc/call_context.h"
#include "common/rpc/serving.h"
#include "common/secret/stack_residue.h"

namespace ftl::rpc {

// Gives an outgoing call its deadline, request id and trace.
inline void Prepare(const CallContext& call, grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(
                           call.deadline - std::chrono::steady_clock::now()));
  context.AddMetadata(kRequestIdKey, call.request_id);
  if (!call.traceparent.empty()) context.AddMetadata(kTraceparentKey, call.traceparent);
}

// How a call failed, to who made it. `left`: it was cancelled here. Where not, the service stopped in the middle of it.
inline absl::Status FailureOf(const grpc::Status& status, bool left) {
  if (status.error_code() != grpc::StatusCode::CANCELLED || left) return FromGrpcStatus(status);
  return Refuse(Reason::kServiceUnavailable, "A part of the service is restarting. Try again in a moment.")
      .RetryAfter(absl::Seconds(1));
}

// A unary call as an awaitable, resumed on the awaiting coroutine's executor. Ends by the call's deadline; cancelling
// the coroutine cancels the call.
//   CO_TRY(const pb::Run run, co_await rpc::Call(call, stub->async(), &pb::BatchRunnerService::Stub::async::GetRun,
//   request));
template <typename Async, typename Interface, typename Request, typename Response>
Task<Response> Call(const CallContext& call, Async* stub,
                    void (Interface::*method)(grpc::ClientContext*, const Request*, Response*,
                                              std::function<void(grpc::Status)>),
                    Request request) {
  struct Exchange {
    grpc::ClientContext context;
    Request request;
    Response response;
    bool left = false;  // cancelled here
  };
  auto exchange = std::make_shared<Exchange>();
  Prepare(call, exchange->context);
  exchange->request = std::move(request);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto start = [stub, method, exchange, executor](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    if (auto slot = asio::get_associated_cancellation_slot(*shared); slot.is_connected()) {
      slot.assign([weak = std::weak_ptr(exchange)](asio::cancellation_type) {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->left = true;
        alive->context.TryCancel();
      });
    }
    (stub->*method)(&exchange->context, &exchange->request, &exchange->response,
                    [shared, exchange, executor](grpc::Status status) mutable {
                      WipeStackResidue();
                      // All of it goes on the executor's thread: what may be the last hold on the channel must not go
                      // on gRPC's own.
                      asio::post(executor,
                                 [shared = std::move(shared), exchange = std::move(exchange),
                                  status = std::move(status)]() mutable { std::move (*shared)(std::move(status)); });
                    });
  };
  const grpc::Status status =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(grpc::Status)>(start, asio::use_awaitable);
  if (!status.ok()) co_return FailureOf(status, exchange->left);
  co_return std::move(exchange->response);
}

// A server-streaming call, read one message at a time. Dropping it cancels the call.
template <typename Response>
class Stream {
 public:
  // Starts the call. `method` is `&pb::Service::Stub::async::Method`.
  template <typename Async, typename Interface, typename Request>
  static Stream Start(const CallContext& call, Async* stub,
                      void (Interface::*method)(grpc::ClientContext*, const Request*,
                                                grpc::ClientReadReactor<Response>*),
                      Request request) {
    auto reactor = std::make_shared<Reactor>();
    reactor->self = reactor;
    Prepare(call, reactor->context);
    auto kept = std::make_shared<Request>(std::move(request));
    reactor->request = kept;
    (stub->*method)(&reactor->context, kept.get(), reactor.get());
    reactor->AddHold();
    reactor->StartCall();
    return Stream(std::move(reactor));
  }

  Stream(Stream&&) = default;
  Stream& operator=(Stream&&) = delete;
  ~Stream() {
    if (!reactor_) return;
    reactor_->context.TryCancel();
    reactor_->Release();
  }

  // The next message, or nullopt at a good end; fails as the call failed. Cancelling the coroutine cancels the call.
  Task<std::optional<Response>> Next() {
    std::shared_ptr<Reactor> reactor = reactor_;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto message = std::make_shared<Response>();
    auto start = [reactor, executor, message](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      if (auto slot = asio::get_associated_cancellation_slot(*shared); slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(reactor)](asio::cancellation_type) {
          const auto alive = weak.lock();
          if (!alive) return;
          alive->left = true;
          alive->context.TryCancel();
        });
      }
      reactor->Read(message,
                    [shared, executor](bool ok) { asio::post(executor, [shared, ok] { std::move (*shared)(ok); }); });
    };
    const bool ok =
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(start, asio::use_awaitable);
    if (ok) co_return std::optional<Response>(std::move(*message));
    const grpc::Status status = reactor->status();
    if (!status.ok()) co_return FailureOf(status, reactor->left);
    co_return std::optional<Response>();
  }

 private:
  // One read at a time. The reader waits for OnDone before it is told of the end, so that the status is known. Reads
  // are started from outside of gRPC's reactions, so a hold keeps the call until a read has failed or nobody will read.
  struct Reactor final : grpc::ClientReadReactor<Response> {
    void Read(std::shared_ptr<Response> message, std::function<void(bool)> resume) {
      std::unique_lock lock(mutex);
      if (done) {
        lock.unlock();
        resume(false);
        return;
      }
      waiting = std::move(resume);
      target = std::move(message);
      if (!held) return;
      lock.unlock();
      this->StartRead(target.get());
    }
    // Nothing is read any more. The last read must have been answered, or the call be cancelled.
    void Release() {
      std::unique_lock lock(mutex);
      if (!std::exchange(held, false)) return;
      lock.unlock();
      this->RemoveHold();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return Release();
      std::unique_lock lock(mutex);
      auto resume = std::move(waiting);
      waiting = nullptr;
      lock.unlock();
      resume(true);
    }
    void OnDone(const grpc::Status& status) override {
      std::unique_lock lock(mutex);
      done = true;
      final_status = status;
      auto resume = std::move(waiting);
      waiting = nullptr;
      auto keep = std::move(self);
      lock.unlock();
      if (!resume) return;
      keep.reset();  // the waiting reader holds on; the last hold on the channel must not go on gRPC's thread
      resume(false);
    }
    grpc::Status status() {
      std::lock_guard lock(mutex);
      return final_status;
    }

    grpc::ClientContext context;
    std::shared_ptr<void> request;
    std::shared_ptr<Reactor> self;  // until OnDone
    std::mutex mutex;               // gRPC's threads and the reader's
    std::function<void(bool)> waiting;
    std::shared_ptr<Response> target;
    bool left = false;  // cancelled by the reader, on its thread
    bool held = true;
    bool done = false;
    grpc::Status final_status;
  };

  explicit Stream(std::shared_ptr<Reactor> reactor) : reactor_(std::move(reactor)) {}
  std::shared_ptr<Reactor> reactor_;
};

}  // namespace ftl::rpc
