#pragma once

#include <memory>
#include <string>

#include "common/async/task.h"
#include "common/endpoint/credential.h"
#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/endpoint.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "services/batch-runner/connection/key_loans.h"
#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// What the calls of one run have in common.
struct RunTarget {
  Endpoint endpoint;
  Credential credential;  // dropped with the target
  std::string model_id;
  finetunelab::endpoint::v1::Provider provider;
  std::string session;                                   // hash; connections are shared within it
  finetunelab::endpoint::v1::Capabilities capabilities;  // system role and most tokens are learned by calls
  pb::RunParameters parameters;
  bool forget_key_after_run;
  std::string pace_key;  // of the door that all who call this endpoint with this key go through
};

// Borrows the key of a run's session. Errors: those of KeyLoans::ForRun, ENDPOINT_NOT_ALLOWED.
Task<std::shared_ptr<RunTarget>> BorrowTarget(KeyLoans& keys, const AddressPolicy& policy, RunKey run,
                                              pb::RunParameters parameters);

}  // namespace ftl::batch_runner
