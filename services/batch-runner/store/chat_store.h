#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "common/rpc/call_context.h"
#include "services/batch-runner/chat/chat_plan.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

// SQL of answers: what a request is about, the answer's place, what has come of it each second, and its end. Every
// method works for one owner and meets nobody else's; ids may be any text.
class ChatStore {
 public:
  // What has come is stored through `growing`; all else through `database`.
  ChatStore(Database& database, SharedCommits& growing) : database_(database), growing_(growing) {}

  // What is stored of all that a request is about, with as many messages of the branch as `window`; and the answer that
  // the same key and content met before. IDEMPOTENCY_KEY_REUSED.
  struct Found {
    ChatScene scene;
    std::optional<std::string> repeated;
  };
  Task<Found> Find(const CallContext& call, const pb::ChatRequest& request, const Idempotency& idempotency, int window);

  // Stores what is said and the answer's place, in `conversation_id`, which is made where it was not `before`. CONFLICT
  // where the conversation has gone meanwhile or is full; where another call with the same key was quicker too.
  struct Beginning {
    std::string owner;
    std::string project;  // of a new conversation
    std::string conversation_id;
    std::optional<pb::Conversation> before;
    std::string answer_id;
    ChatPlan plan;
    Idempotency idempotency;
  };
  // The answer as it is stored then. What it follows is decided here, before anything is stored.
  static pb::Message AnswerOf(const Beginning& beginning, std::vector<std::string>& said_ids);
  Task<> Begin(const CallContext& call, const Beginning& beginning, const pb::Message& answer,
               const std::vector<std::string>& said_ids);

  // Stores what has come, and says whether there still is an answer under way (else somebody has found this process
  // silent and ended it), and whether somebody wants it stopped.
  struct Standing {
    bool is_there = false;
    bool is_to_stop = false;
  };
  Task<Standing> Keep(Deadline deadline, std::string owner, std::string message_id, std::string_view content,
                      std::string_view reasoning);
  // Stores the end. Repeats do no harm.
  Task<> Finish(Deadline deadline, std::string owner, const pb::Message& answer);
  // Takes back what Begin has stored, for an answer that was never asked for; false where others have followed it.
  Task<bool> TakeBack(Deadline deadline, const Beginning& beginning, const std::vector<std::string>& said_ids);

  // An answer as it stands. NOT_FOUND, also for a message that is no answer.
  struct Stored {
    std::string conversation_id;
    pb::Message message;
  };
  Task<Stored> Get(const CallContext& call, std::string owner, std::string message_id);
  // Tells the process that receives the answer.
  Task<> AskToStop(const CallContext& call, std::string owner, std::string message_id);

 private:
  Database& database_;
  SharedCommits& growing_;
};

}  // namespace ftl::batch_runner
