#pragma once

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "services/batch-runner/call/key_loans.h"
#include "services/batch-runner/run/doors.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Asks an endpoint which models it has. ENDPOINT_FAILED or ENDPOINT_TIMEOUT where it does not say.
class ModelDiscovery {
 public:
  ModelDiscovery(KeyLoans& keys, const Doors& doors, Caller& caller, AddressPolicy policy)
      : keys_(keys), doors_(doors), caller_(caller), policy_(policy) {}

  // Of a session's endpoint, by its hash. Refused with when to try again while the endpoint asks all who call it with
  // the key to wait.
  Task<pb::ListModelsResponse> OfSession(const CallContext& call, std::string session);
  // Of an endpoint that someone is about to use.
  Task<pb::ListModelsResponse> OfEndpoint(const CallContext& call, std::string endpoint_url, Credential credential);

 private:
  Task<pb::ListModelsResponse> Ask(std::string endpoint_url, Credential credential, std::string pool_key);

  KeyLoans& keys_;
  const Doors& doors_;
  Caller& caller_;
  AddressPolicy policy_;
};

}  // namespace ftl::batch_runner
