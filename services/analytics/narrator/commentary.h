#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/endpoint/chat_call.h"
#include "common/lending/key_borrower.h"
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"

namespace ftl::analytics {

// What a model is asked.
struct Speech {
  std::vector<ChatMessage> messages;
  std::string tools = {};  // that it may call, as ChatRequest has them
  int max_tokens = 600;
};

// How a model's speech went.
struct Remark {
  int32_t input_tokens = 0;
  int32_t output_tokens = 0;
  bool whole = false;           // it ended by itself; its words were handed on as they came
  bool silent = false;          // nothing came for 10 s
  bool reasoning_only = false;  // a whole answer without text
  bool tool_call_only = false;
  std::vector<ToolCall> tool_calls;
};

struct Talk;

// Lets a session's own model speak, over a key that session-vault lends for the one call. On the module's thread;
// outlives the calls under way.
class Commentary {
 public:
  // `database` outlives it. A session's model is asked `max_turns` times at the most, counted by this
  // process alone.
  Commentary(asio::any_io_executor executor, AddressPolicy policy, const rpc::Channels& channels, Database& database,
             int max_turns);

  // Takes text as it comes and says whether more is wanted; a failure ends the call.
  using Take = std::function<Task<bool>(std::string text)>;

  // Asks the model of `session` (its hash) for at most 30 s, or until nothing has come for 10 s. nullopt where the
  // session has no key any more or its endpoint is not allowed; a model that fails or stalls leaves a remark that is
  // not whole, and so does a key that is forgotten meanwhile. SESSION_EXPIRED when the session ends, and what `take`
  // failed with.
  Task<std::optional<Remark>> Speak(const CallContext& call, std::string session, Speech speech, Take take);

  // Whether `session` still has its key and its model may be asked once more.
  asio::awaitable<bool> MayBeAsked(std::string session);
  // Whether the model of `session` has been asked as often as it may.
  bool IsExhausted(const std::string& session) const;
  int max_turns() const { return max_turns_; }

  // Whether an earlier answer of the model of `session` had no reasoning before a closing tag alone, so that its next
  // one need not be held back until it ends.
  bool SpeaksPlainly(const std::string& session) const { return plain_.count(session) > 0; }
  void NotePlainSpeech(const std::string& session);

  // Something has happened to `session`, or may have to any where it is empty: its calls under way look whether it is
  // still open and has its key.
  void LookAt(std::string_view session);

  // Ends what waits for connections, so that the thread can end.
  void Close() { caller_.Close(); }

 private:
  Task<KeyBorrower::Loan<vault_pb::LendKeyResponse>> Borrow(CallContext call, std::string session);
  Task<bool> HasKey(std::string session);
  void NoteRefusedTools(const std::string& session);

  AddressPolicy policy_;
  Caller caller_;
  KeyBorrower keys_;
  Database& database_;
  const int max_turns_;
  std::map<std::string, int> turns_;     // of each session
  std::set<Talk*> talks_;                // under way
  std::set<std::string> plain_;          // sessions whose model speaks plainly; forgotten now and then
  std::set<std::string> without_tools_;  // sessions whose model refuses tools; forgotten likewise
};

}  // namespace ftl::analytics
