#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>

#include "common/async/task.h"
#include "common/error/try.h"
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"

namespace ftl::gateway {

// The services behind the gateway, called by the full name of the method, so that a route can be a line of data.
class Upstream {
 public:
  // `channels` outlives it. Calls are made on the thread of `executor`.
  Upstream(asio::any_io_executor executor, const rpc::Channels& channels);
  // No call may be under way.
  ~Upstream();

  // A unary call by the call's deadline; cancelling the coroutine cancels it. `method` such as
  // `finetunelab.batch_runner.v1.BatchRunnerService.GetRun`; request and response are of its types.
  Task<std::shared_ptr<google::protobuf::Message>> Call(CallContext call,
                                                        const google::protobuf::MethodDescriptor* method,
                                                        std::shared_ptr<google::protobuf::Message> request);

  // The same with the types known.
  template <typename Response, typename Request>
  Task<Response> Call(CallContext call, std::string_view method, Request request) {
    CO_TRY(const auto response,
           co_await Call(std::move(call), MethodNamed(method), std::make_shared<Request>(std::move(request))));
    co_return std::move(static_cast<Response&>(*response));
  }

  // To the service with this name, such as `batch-runner`.
  const std::shared_ptr<grpc::Channel>& Channel(std::string_view service) const;

  // All services behind the gateway, in the order of a prompt's way.
  static const std::vector<std::string_view>& Services();
  // Of the protos that are linked in; ends the program for a name that is not there, since only our own tables name
  // one.
  static const google::protobuf::MethodDescriptor* MethodNamed(std::string_view full_name);

 private:
  struct Exchange;
  void TakeAnswers();

  const asio::any_io_executor executor_;
  const rpc::Channels& all_channels_;
  std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>> channels_;  // by service
  // One thread reads all answers. gRPC's callbacks would hand each on to a second one first.
  grpc::CompletionQueue queue_;
  std::thread answers_;
};

}  // namespace ftl::gateway
