#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/conversations_service.pb.h"
#include "services/batch-runner/chat/conversation_import.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The statement by which an owner is there, before anything of theirs is stored.
Statement KnowOwner(std::string_view owner);

// The statement that ends answers under way of which nothing was heard for kSilence: the process that received them is
// gone. What had come is kept, as incomplete. Of one conversation; whoever reads messages asks it first.
inline constexpr absl::Duration kSilence = absl::Seconds(15);
Statement SettleAnswers(std::string_view owner, std::string_view conversation_id);

absl::Status ConversationNotFound();

// SQL of conversations. Every method works for one owner and meets nobody else's; ids may be any text.
class ConversationStore {
 public:
  // `reads` is the lane of what changes nothing.
  ConversationStore(Database& database, Database& reads) : database_(database), reads_(reads) {}

  // The stored one, or the one that the same key and content made before. IDEMPOTENCY_KEY_REUSED.
  Task<pb::Conversation> Create(const CallContext& call, pb::CreateConversationRequest request,
                                Idempotency idempotency);

  // The newest first, those after a place in the list; all of `words` stand in each.
  struct Place {
    absl::Time updated_at;
    std::string id;
  };
  struct Page {
    std::vector<pb::Conversation> conversations;
    int32_t total = 0;
    bool more = false;
  };
  Task<Page> List(const CallContext& call, std::string owner, std::string project, std::vector<std::string> words,
                  std::optional<Place> after, int limit);

  // Its messages after `after_sequence`, as many as fit into 1 MiB, at least one, at most `limit`. NOT_FOUND.
  struct View {
    pb::Conversation conversation;
    std::vector<pb::Message> messages;
    int32_t last_sequence = 0;  // of these
  };
  Task<View> Look(const CallContext& call, std::string owner, std::string id, int32_t after_sequence, int limit);

  // NOT_FOUND; INVALID_FIELD for an active message that is not of this conversation.
  Task<pb::Conversation> Update(const CallContext& call, pb::UpdateConversationRequest request);
  // Stores a conversation that another program wrote down, and gives its id; nullopt where it is there already. A dry
  // run stores nothing, and gives an empty id.
  Task<std::optional<std::string>> Import(const CallContext& call, std::string owner, std::string project,
                                          ForeignConversation conversation, bool dry_run);
  // Whether there was one.
  Task<bool> Delete(const CallContext& call, std::string owner, std::string id);

 private:
  Database& database_;
  Database& reads_;
};

}  // namespace ftl::batch_runner
