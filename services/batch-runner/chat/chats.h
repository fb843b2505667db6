#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "services/batch-runner/call/model_call.h"
#include "services/batch-runner/chat/answer_events.h"
#include "services/batch-runner/store/chat_store.h"

namespace ftl::batch_runner {

// The answers under way in this process. Each is received, stored and ended by a task of its own, whoever listens and
// whoever leaves; what has come is stored each second. On the module's thread.
class Chats {
 public:
  static constexpr size_t kMostUnderWay = 512;

  struct Parts {
    asio::any_io_executor executor;
    ChatStore& store;
    ModelCalls& calls;
    int window;    // messages of a branch that a model is shown
    bool goes_on;  // an answer to which nobody listens any more
  };
  explicit Chats(Parts parts) : parts_(std::move(parts)) {}

  // Asks a model. Gives the answer's id, or that of the answer which the same key and content met before.
  // INVALID_FIELD, NOT_FOUND, IDEMPOTENCY_KEY_REUSED, OVERLOADED, DRAINING.
  Task<std::string> Begin(const CallContext& call, pb::ChatRequest request, Idempotency idempotency);

  // Tells an answer from `place` on, also one that has ended or that another process receives, to its end. NOT_FOUND;
  // where the model could not be asked at all, why: nothing was told then, and what is stored is
  // taken back.
  using Write = std::function<Task<>(const pb::ChatEvent& event)>;
  Task<> Tell(const CallContext& call, std::string owner, std::string message_id, AnswerPlace place, Write write);

  // Ends an answer, and gives how it stands then. NOT_FOUND.
  Task<pb::StopChatResponse> Stop(const CallContext& call, std::string owner, std::string message_id);

  // Begins no answer more, and waits for those under way and until their listeners are told; those that are not there
  // by the deadline are kept as far as they came.
  Task<> Drain(Deadline deadline);

 private:
  struct UnderWay;
  using Answer = std::shared_ptr<UnderWay>;

  asio::awaitable<void> Receive(Answer answer);
  asio::awaitable<void> StorePlace(Answer answer);
  asio::awaitable<void> Ask(Answer answer);
  asio::awaitable<void> KeepWhatComes(Answer answer);
  Task<> StoreEnd(Answer answer);
  asio::awaitable<void> StoreEndLater(Answer answer, absl::Status stored);
  Task<> TellLive(Answer answer, AnswerPlace place, const Write& write);
  Task<> TellStored(const CallContext& call, std::string owner, std::string message_id, AnswerPlace place,
                    const Write& write);
  Answer Find(const std::string& owner, const std::string& message_id) const;

  Parts parts_;
  std::map<std::string, Answer> under_way_;  // by the message's id
  // Who is being told one; shared, since a call may outlive this by its own end.
  const std::shared_ptr<int> telling_ = std::make_shared<int>(0);
  bool draining_ = false;
};

}  // namespace ftl::batch_runner
