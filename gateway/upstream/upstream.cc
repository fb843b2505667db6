#include "gateway/upstream/upstream.h"

#include <cstdlib>
#include <functional>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/async_unary_call.h>
#include <boost/asio/post.hpp>

#include "common/observe/log.h"
#include "common/rpc/call.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/analytics/v1/comparisons_service.pb.h"
#include "finetunelab/analytics/v1/history_service.pb.h"
#include "finetunelab/analytics/v1/performance_service.pb.h"
#include "finetunelab/batch_runner/v1/agents_service.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"
#include "finetunelab/batch_runner/v1/chat_service.pb.h"
#include "finetunelab/batch_runner/v1/compare_service.pb.h"
#include "finetunelab/batch_runner/v1/conversations_service.pb.h"
#include "finetunelab/batch_runner/v1/request_log_service.pb.h"
#include "finetunelab/batch_runner/v1/templates_service.pb.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"
#include "finetunelab/exporter/v1/comparison_export_service.pb.h"
#include "finetunelab/exporter/v1/conversation_export_service.pb.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"
#include "finetunelab/exporter/v1/history_export_service.pb.h"
#include "finetunelab/session_vault/v1/identity_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "finetunelab/session_vault/v1/stored_keys_service.pb.h"

namespace ftl::gateway {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;
using google::protobuf::MethodDescriptor;

using Stub = grpc::TemplatedGenericStub<MessageLite, MessageLite>;

// The last part but one of the package names the service.
std::string_view ServiceOf(const MethodDescriptor& method) {
  const std::string& package = method.file()->package();
  if (package == "finetunelab.session_vault.v1") return "session-vault";
  if (package == "finetunelab.batch_runner.v1") return "batch-runner";
  if (package == "finetunelab.analytics.v1") return "analytics";
  return "export";
}

// Methods are found by name; with a message of each of their files named here, their protos are linked in.
[[gnu::used]] const google::protobuf::Descriptor* (*const kLinked[])() = {
    &finetunelab::session_vault::v1::OpenSessionRequest::descriptor,
    &finetunelab::session_vault::v1::PutStoredKeyRequest::descriptor,
    &finetunelab::session_vault::v1::CreateTokenRequest::descriptor,
    &finetunelab::batch_runner::v1::StartRunRequest::descriptor,
    &finetunelab::batch_runner::v1::TestKeyRequest::descriptor,
    &finetunelab::batch_runner::v1::CreateConversationRequest::descriptor,
    &finetunelab::batch_runner::v1::CreateTemplateRequest::descriptor,
    &finetunelab::batch_runner::v1::CreateAgentRequest::descriptor,
    &finetunelab::batch_runner::v1::ChatRequest::descriptor,
    &finetunelab::batch_runner::v1::CompareRequest::descriptor,
    &finetunelab::batch_runner::v1::ReplayRequest::descriptor,
    &finetunelab::batch_runner::v1::StartBenchmarkRequest::descriptor,
    &finetunelab::analytics::v1::AskRequest::descriptor,
    &finetunelab::analytics::v1::ListRequestsRequest::descriptor,
    &finetunelab::analytics::v1::GetComparisonRequest::descriptor,
    &finetunelab::analytics::v1::GetPerformanceSummaryRequest::descriptor,
    &finetunelab::exporter::v1::ExportRequest::descriptor,
    &finetunelab::exporter::v1::ExportHistoryRequest::descriptor,
    &finetunelab::exporter::v1::ExportConversationRequest::descriptor,
    &finetunelab::exporter::v1::ExportComparisonRequest::descriptor,
};

bool HoldsKey(const Message& request) {
  const auto* key = request.GetDescriptor()->FindFieldByName("api_key");
  const auto* headers = request.GetDescriptor()->FindFieldByName("headers");
  const google::protobuf::Reflection& read = *request.GetReflection();
  return (key != nullptr && !read.GetString(request, key).empty()) ||
         (headers != nullptr && read.FieldSize(request, headers) > 0);
}

}  // namespace

// A call under way. What was handed to gRPC holds it until its answer has come.
struct Upstream::Exchange : std::enable_shared_from_this<Exchange> {
  grpc::ClientContext context;
  std::shared_ptr<Message> request;
  std::shared_ptr<Message> response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<MessageLite>> reader;
  std::function<void()> resume;
  std::shared_ptr<Exchange> self;
  bool left = false;  // cancelled here
};

Upstream::Upstream(asio::any_io_executor executor, const rpc::Channels& channels)
    : executor_(std::move(executor)), all_channels_(channels) {
  for (std::string_view service : Services()) channels_.emplace(service, channels.To(service));
  answers_ = std::thread([this] { TakeAnswers(); });
}

Upstream::~Upstream() {
  queue_.Shutdown();
  answers_.join();
}

void Upstream::TakeAnswers() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    // All of it goes on the module's thread: what may be the last hold on a channel must not go on this one.
    asio::post(executor_, [exchange = std::move(static_cast<Exchange*>(tag)->self)] { exchange->resume(); });
  }
}

const std::vector<std::string_view>& Upstream::Services() {
  static const std::vector<std::string_view> services = {"session-vault", "batch-runner", "analytics", "export"};
  return services;
}

const std::shared_ptr<grpc::Channel>& Upstream::Channel(std::string_view service) const {
  return channels_.find(service)->second;
}

const MethodDescriptor* Upstream::MethodNamed(std::string_view full_name) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  const MethodDescriptor* method = pool->FindMethodByName(std::string(full_name));
  if (method == nullptr) {
    log::Error("no such method", {{"method", full_name}});
    std::abort();
  }
  return method;
}

Task<std::shared_ptr<Message>> Upstream::Call(CallContext call, const MethodDescriptor* method,
                                              std::shared_ptr<Message> request) {
  const auto exchange = std::make_shared<Exchange>();
  rpc::Prepare(call, exchange->context);
  exchange->request = std::move(request);
  const Message* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->output_type());
  exchange->response.reset(prototype->New());
  const std::string path = fmt::format("/{}/{}", method->service()->full_name(), method->name());
  const std::string_view service = ServiceOf(*method);
  const auto channel = HoldsKey(*exchange->request) ? all_channels_.ForKeys(service) : Channel(service);
  exchange->reader = Stub(channel).PrepareUnaryCall(&exchange->context, path, *exchange->request, &queue_);
  auto start = [&exchange](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    if (auto slot = asio::get_associated_cancellation_slot(*shared); slot.is_connected()) {
      slot.assign([weak = std::weak_ptr(exchange)](asio::cancellation_type) {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->left = true;
        alive->context.TryCancel();
      });
    }
    exchange->resume = [shared] { std::move (*shared)(); };
    exchange->self = exchange;
    exchange->reader->StartCall();
    exchange->reader->Finish(exchange->response.get(), &exchange->status, exchange.get());
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
  if (!exchange->status.ok()) co_return rpc::FailureOf(exchange->status, exchange->left);
  co_return exchange->response;
}

}  // namespace ftl::gateway
