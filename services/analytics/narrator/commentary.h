#pragma once

#include <functional>
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
#include "common/rpc/call_context.h"
#include "common/rpc/channels.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"

namespace ftl::analytics {

// What a model said.
struct Remark {
  std::string text;  // as it was handed on; kept as far as it came where the call failed
  int32_t input_tokens = 0;
  int32_t output_tokens = 0;
  bool whole = false;
};

struct Talk;

// Lets a session's own model speak, over a key that session-vault lends for the one call. On the module's thread;
// outlives the calls under way.
class Commentary {
 public:
  // `channels` and `database` outlive it.
  Commentary(asio::any_io_executor executor, AddressPolicy policy, const rpc::Channels& channels, Database& database);

  // Takes text as it comes; a failure ends the call.
  using Take = std::function<Task<>(std::string text)>;

  // Asks the model of `session` (its hash) for at most 30 s. nullopt where the session has no key any more or its
  // endpoint is not allowed; a model that fails or stalls leaves a remark that is not whole, and so does a key that is
  // forgotten meanwhile. SESSION_EXPIRED when the session ends, and what `take` failed with.
  Task<std::optional<Remark>> Speak(const CallContext& call, std::string session, std::vector<ChatMessage> messages,
                                    Take take);

  // Something has happened to `session`, or may have to any where it is empty: its calls under way look whether it is
  // still open and has its key.
  void LookAt(std::string_view session);

  // Ends what waits for connections, so that the thread can end.
  void Close() { caller_.Close(); }

 private:
  Task<finetunelab::session_vault::v1::LendKeyResponse> Borrow(CallContext call, std::string session);
  Task<bool> HasKey(std::string session);

  AddressPolicy policy_;
  Caller caller_;
  const rpc::Channels& channels_;
  Database& database_;
  std::set<Talk*> talks_;  // under way
};

}  // namespace ftl::analytics
