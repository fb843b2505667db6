#pragma once

#include <string>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "services/batch-runner/connection/key_loans.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Tests a session's connection by one real call: "Hello, are you there?", streaming, at most 256 tokens and 10 s,
// broken off soon after the first token. Any token, or an empty answer that its limit cut short, means connected. What
// the endpoint was found to need is learned by it. session-vault is told how it went.
class ConnectionProbe {
 public:
  ConnectionProbe(KeyLoans& keys, Caller& caller, AddressPolicy policy)
      : keys_(keys), caller_(caller), policy_(policy) {}

  Task<pb::TestConnectionResponse> Test(const CallContext& call, std::string session);

 private:
  KeyLoans& keys_;
  Caller& caller_;
  AddressPolicy policy_;
};

}  // namespace ftl::batch_runner
