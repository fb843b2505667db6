#pragma once

#include <map>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/message.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>
#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/observe/metrics.h"
#include "common/observe/trace/span.h"
#include "common/rpc/call_context.h"

namespace ftl::rpc {

// How the calls of one gRPC server reach the coroutines of one module: the module's thread, what is known of the
// caller, and whether calls are taken at all. Methods may be called from any thread.
class Serving {
 public:
  // `process_token` is what in-process channels of this binary carry; empty on a server with a port, where a call that
  // carries one is refused. Who shows `operator_token` in `authorization: Bearer …` is the operator; empty for none.
  Serving(asio::any_io_executor executor, std::string process_token, std::string operator_token = "")
      : executor_(std::move(executor)),
        process_token_(std::move(process_token)),
        operator_token_(std::move(operator_token)) {}

  const asio::any_io_executor& executor() const { return executor_; }
  // The same for methods that run on another of the module's threads.
  Serving On(asio::any_io_executor executor) const {
    return Serving(std::move(executor), process_token_, operator_token_);
  }
  // Whether the server has no port, so that only this process can call.
  bool in_process() const { return !process_token_.empty(); }

  // What is known of a call that came in. Refuses calls that claim to come from inside and do not, and callers that may
  // not call this method (access.h). A `client_address` is believed from the gateway alone: for anybody else it becomes
  // the address that the call came from.
  absl::StatusOr<CallContext> Understand(const grpc::CallbackServerContext& context, absl::Duration default_limit,
                                         google::protobuf::Message& request) const;

  // The span of a call, under the caller's; what the call makes others do is under it.
  trace::Span BeginSpan(std::string_view method, const google::protobuf::Descriptor& request, CallContext& call) const;

  // Written for every call that has ended.
  void Record(std::string_view method, const CallContext& call, const absl::Status& status, absl::Duration took) const;

 private:
  asio::any_io_executor executor_;
  std::string process_token_;
  std::string operator_token_;
};

// Whether these are the operator's: the token in the metadata, or the name in the certificate.
bool IsOperator(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, const grpc::AuthContext* identity,
                const std::string& operator_token);

// Metadata that in-process channels carry and network listeners refuse.
inline constexpr char kCallerKey[] = "x-ftl-caller";
inline constexpr char kTokenKey[] = "x-ftl-token";
inline constexpr char kRequestIdKey[] = "x-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";

}  // namespace ftl::rpc
