#pragma once

#include <utility>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/serve.h"
#include "finetunelab/batch_runner/v1/chat_service.grpc.pb.h"
#include "services/batch-runner/chat/chats.h"
#include "services/batch-runner/rpc/idempotency_of.h"

namespace ftl::batch_runner {

// Talks to models. One per server, on the module's thread; the chats outlive it.
class ChatService final : public pb::ChatService::CallbackService {
 public:
  ChatService(rpc::Serving serving, Chats& chats) : serving_(std::move(serving)), chats_(chats) {}

  FTL_SERVE_STREAM(Chat)
  FTL_SERVE_STREAM(RejoinChat)
  FTL_SERVE(StopChat)

 private:
  template <typename Response>
  static Chats::Write Into(rpc::Writer<Response>& writer) {
    return [&writer](const pb::ChatEvent& event) -> Task<> {
      Response response;
      *response.mutable_event() = event;
      co_return co_await writer.Write(response);
    };
  }

  Task<> Chat(const CallContext& call, const pb::ChatRequest& request, rpc::Writer<pb::ChatResponse>& writer) {
    CO_TRY(std::string message_id, co_await chats_.Begin(call, request, IdempotencyOf(request)));
    co_return co_await chats_.Tell(call, request.owner(), std::move(message_id), {}, Into(writer));
  }

  Task<> RejoinChat(const CallContext& call, const pb::RejoinChatRequest& request,
                    rpc::Writer<pb::RejoinChatResponse>& writer) {
    AnswerCursor cursor{request.message_id(), {}};
    if (!request.last_event_id().empty()) {
      const auto named = CursorOf(request.last_event_id());
      const bool is_of_it = named && (request.message_id().empty() || named->message_id == request.message_id());
      if (!is_of_it)
        co_return Refuse(Reason::kBadRequest, "The Last-Event-ID must be the id of an event of this answer.");
      cursor = *named;
    }
    co_return co_await chats_.Tell(call, request.owner(), cursor.message_id, cursor.place, Into(writer));
  }

  Task<pb::StopChatResponse> StopChat(const CallContext& call, const pb::StopChatRequest& request) {
    return chats_.Stop(call, request.owner(), request.message_id());
  }

  rpc::Serving serving_;
  Chats& chats_;
};

}  // namespace ftl::batch_runner
