#pragma once

#include <utility>

#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/conversations_service.grpc.pb.h"
#include "services/batch-runner/store/conversation_store.h"

namespace ftl::batch_runner {

// Keeps conversations. One per server, on the module's thread; the store outlives it.
class ConversationsService final : public pb::ConversationsService::CallbackService {
 public:
  ConversationsService(rpc::Serving serving, ConversationStore& store) : serving_(std::move(serving)), store_(store) {}

  FTL_SERVE(CreateConversation)
  FTL_SERVE(ListConversations)
  FTL_SERVE(GetConversation)
  FTL_SERVE(UpdateConversation)
  FTL_SERVE(DeleteConversation)

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

  rpc::Serving serving_;
  ConversationStore& store_;
};

}  // namespace ftl::batch_runner
