#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// SQL of suites: the shipped ones, and those of a session. `session` is a hash, empty for none.
class SuiteStore {
 public:
  // `reads` is the lane of what changes nothing.
  SuiteStore(Database& database, Database& reads) : database_(database), reads_(reads) {}

  // Without prompts; active ones by domain, from easy to hard, then the session's own, the oldest first.
  Task<std::vector<pb::Suite>> List(const CallContext& call, std::string session, std::optional<pb::TaskDomain> domain);
  // With prompts. SUITE_NOT_FOUND.
  Task<pb::Suite> Get(const CallContext& call, std::string session, std::string id);
  // Stores a session's own suite. Gives the stored one, or the one that the same key and content made before.
  Task<pb::Suite> Create(const CallContext& call, std::string session, pb::Suite suite, Idempotency idempotency);

 private:
  Database& database_;
  Database& reads_;
};

// The statements that give a suite with its prompts, for pipelines that need it beside other things, and what their
// rows say: SUITE_NOT_FOUND. `session` is open where it is not empty; `id` is a UUID.
std::vector<Statement> AskSuite(std::string_view session, std::string_view id);
absl::StatusOr<pb::Suite> SuiteFrom(std::span<const Rows> rows);
absl::Status SuiteNotFound();

}  // namespace ftl::batch_runner
