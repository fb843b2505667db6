#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/conversation_export_service.grpc.pb.h"
#include "services/export/store/conversation_reader.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

// The door to conversations as files. One per server, on the module's thread; the reader outlives it.
class ConversationExportService final : public pb::ConversationExportService::CallbackService {
 public:
  ConversationExportService(rpc::Serving serving, ConversationReader& conversations)
      : serving_(std::move(serving)), conversations_(conversations) {}
  // Its pieces are those of a report.
  grpc::ServerWriteReactor<pb::ExportResponse>* ExportConversation(
      grpc::CallbackServerContext* context, const pb::ExportConversationRequest* request) override {
    return rpc::ServeStream<pb::ExportResponse>(
        serving_, context, request, "ExportConversation",
        [this](const CallContext& call, const pb::ExportConversationRequest& message,
               rpc::Writer<pb::ExportResponse>& writer) { return Write(call, message, writer); });
  }

 private:
  Task<> Write(const CallContext& call, const pb::ExportConversationRequest& request,
               rpc::Writer<pb::ExportResponse>& writer);

  rpc::Serving serving_;
  ConversationReader& conversations_;
};

}  // namespace ftl::exporter
