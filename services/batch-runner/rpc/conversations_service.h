#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/conversations_service.grpc.pb.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/suite/reading_thread.h"

namespace ftl::batch_runner {

// Keeps conversations. One per server, on the module's thread; the parts outlive it.
class ConversationsService final : public pb::ConversationsService::CallbackService {
 public:
  ConversationsService(rpc::Serving serving, ConversationStore& store, ReadingThread& reading)
      : serving_(std::move(serving)), store_(store), reading_(reading) {}

  FTL_SERVE(CreateConversation)
  FTL_SERVE(ListConversations)
  FTL_SERVE(GetConversation)
  FTL_SERVE(UpdateConversation)
  FTL_SERVE(DeleteConversation)
  FTL_SERVE(ImportConversations)

 private:
  Task<pb::CreateConversationResponse> CreateConversation(const CallContext& call,
                                                          const pb::CreateConversationRequest& request);
  Task<pb::ListConversationsResponse> ListConversations(const CallContext& call,
                                                        const pb::ListConversationsRequest& request);
  Task<pb::GetConversationResponse> GetConversation(const CallContext& call, const pb::GetConversationRequest& request);
  Task<pb::UpdateConversationResponse> UpdateConversation(const CallContext& call,
                                                          const pb::UpdateConversationRequest& request);
  Task<pb::DeleteConversationResponse> DeleteConversation(const CallContext& call,
                                                          const pb::DeleteConversationRequest& request);
  Task<pb::ImportConversationsResponse> ImportConversations(const CallContext& call,
                                                            const pb::ImportConversationsRequest& request);

  rpc::Serving serving_;
  ConversationStore& store_;
  ReadingThread& reading_;
};

}  // namespace ftl::batch_runner
