#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/compare_service.pb.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Comparisons: those that begin and grow here, and what a person does with one. Analytics reads them.
class ComparisonStore {
 public:
  // `process` is this process's UUID.
  ComparisonStore(Database& database, std::string process) : database_(database), process_(std::move(process)) {}

  // The comparison that this key and content met before. IDEMPOTENCY_KEY_REUSED.
  Task<std::optional<std::string>> Find(const CallContext& call, std::string owner, const Idempotency& idempotency);
  // Stores one that begins, with a place for each answer. CONFLICT where another with this key was quicker.
  Task<> Begin(const CallContext& call, std::string owner, const pb::Comparison& comparison,
               const Idempotency& idempotency);

  struct Standing {
    bool is_there = false;  // false once it is deleted
    bool is_to_stop = false;
  };
  // Stores answers as they stand; where `ended` is given, also how all of it ended. A repeat does no harm.
  Task<Standing> Keep(Deadline deadline, std::string owner, std::string id,
                      const std::vector<pb::ComparedAnswer>& answers, std::optional<pb::ComparisonStatus> ended);

  // With its answers as far as they are stored, and all that a blind one hides. NOT_FOUND, as below.
  Task<pb::Comparison> Get(const CallContext& call, std::string owner, std::string id);
  Task<> AskToStop(const CallContext& call, std::string owner, std::string id);
  // INVALID_FIELD, CONFLICT.
  Task<pb::MarkComparisonResponse> Mark(const CallContext& call, const pb::MarkComparisonRequest& request);
  // Whether there was one.
  Task<bool> Delete(const CallContext& call, std::string owner, std::string id);

 private:
  Database& database_;
  const std::string process_;
};

}  // namespace ftl::batch_runner
