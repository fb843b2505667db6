#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/result.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// SQL that reads results of one run; they are written by WorkStore. A page ends at 2 MiB or after `limit` results.
// `session` (hash) is the run's, or empty for whoever knows its id. One round trip each. RUN_NOT_FOUND,
// SESSION_EXPIRED.
class ResultStore {
 public:
  explicit ResultStore(Database& database) : database_(database) {}

  struct Page {
    std::vector<pb::Result> results;
    bool more = false;
    int32_t total = 0;
  };
  // In order of prompt, from the first with a greater prompt_id than `after_prompt`.
  Task<Page> ByPrompt(const CallContext& call, std::string session, std::string test_run_id, int32_t after_prompt,
                      int limit);
  // In order of sequence, from the first after `after_sequence`.
  Task<Page> BySequence(const CallContext& call, std::string session, std::string test_run_id, int64_t after_sequence,
                        int limit);

 private:
  Task<Page> Read(const CallContext& call, std::string session, std::string test_run_id, Statement results, int limit);

  Database& database_;
};

// ByPrompt's page, without total, for pipelines that have entered the run (run_door.h): only results up to
// `up_to_sequence` or, where that is absent, up to the transaction's setting kLastSequence.
inline constexpr std::string_view kLastSequence = "ftl.last_sequence";
Statement AskByPrompt(std::string_view test_run_id, int32_t after_prompt, std::optional<int64_t> up_to_sequence,
                      int limit);
ResultStore::Page PageOf(const Rows& rows, int limit);

}  // namespace ftl::batch_runner
