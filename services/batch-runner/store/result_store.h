#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/result.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Beyond every sequence.
inline constexpr int64_t kNoLastSequence = std::numeric_limits<int64_t>::max();

// SQL that reads results of one run; they are written by WorkStore. A page ends at 2 MiB or after `limit` results.
class ResultStore {
 public:
  explicit ResultStore(Database& database) : database_(database) {}

  struct Page {
    std::vector<pb::Result> results;
    bool more = false;
    int32_t total = 0;
  };
  // In order of prompt, from the first with a greater prompt_id than `after_prompt`; only those up to `up_to_sequence`,
  // so that they agree with a run that was read before.
  Task<Page> ByPrompt(const CallContext& call, std::string session, std::string test_run_id, int32_t after_prompt,
                      int64_t up_to_sequence, int limit);
  // In order of sequence, from the first after `after_sequence`.
  Task<Page> BySequence(const CallContext& call, std::string session, std::string test_run_id, int64_t after_sequence,
                        int limit);

 private:
  Task<Page> Read(const CallContext& call, std::string session, std::string test_run_id, Statement results, int limit);

  Database& database_;
};

}  // namespace ftl::batch_runner
