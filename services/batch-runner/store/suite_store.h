#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"
#include "services/batch-runner/store/run_store.h"

namespace ftl::batch_runner {

// SQL of suites: the shipped ones, and those of a session. `session` is a hash, empty for none.
class SuiteStore {
 public:
  explicit SuiteStore(Database& database) : database_(database) {}

  // Without prompts; active ones by domain, from easy to hard, then the session's own, the oldest first.
  Task<std::vector<pb::Suite>> List(const CallContext& call, std::string session, std::optional<pb::TaskDomain> domain);
  // With prompts. SUITE_NOT_FOUND.
  Task<pb::Suite> Get(const CallContext& call, std::string session, std::string id);
  // Stores a session's own suite. Gives the stored one, or the one that the same key and content made before.
  Task<pb::Suite> Create(const CallContext& call, std::string session, pb::Suite suite, Idempotency idempotency);

 private:
  Database& database_;
};

}  // namespace ftl::batch_runner
