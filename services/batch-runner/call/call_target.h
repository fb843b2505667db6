#pragma once

#include <memory>
#include <string>

#include "common/async/task.h"
#include "common/endpoint/credential.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/endpoint.h"
#include "services/batch-runner/call/key_loans.h"

namespace ftl::batch_runner {

// Where calls go, with whose key, and what is known of the endpoint by now.
struct CallTarget {
  Endpoint endpoint;
  Credential credential;  // dropped with the target
  std::string model_id;
  finetunelab::endpoint::v1::Provider provider;
  std::string session;                                   // hash; connections are shared within it
  finetunelab::endpoint::v1::Capabilities capabilities;  // system role and most tokens are learned by calls
  std::string pace_key;       // of the door that all who call this endpoint with this key go through
  bool forget_key_after_run;  // the loan is a run's, and the key goes with it
  const Dialect* dialect = &OpenAiDialect();
};

// Borrows the key of a session for a run of it. Errors: those of KeyLoans::ForRun, ENDPOINT_NOT_ALLOWED.
Task<std::shared_ptr<CallTarget>> BorrowTarget(KeyLoans& keys, const AddressPolicy& policy, std::string session,
                                               std::string test_run_id);

}  // namespace ftl::batch_runner
