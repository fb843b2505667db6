#pragma once

#include <string>

#include <google/protobuf/struct.pb.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "services/batch-runner/store/known_sessions.h"
#include "services/batch-runner/store/result_store.h"

namespace ftl::batch_runner {

// Looks at runs by their ids: how one stands, and a page of the results that it counts. Whoever asks once a second is
// here, a thousand at a time.
class RunLooks {
 public:
  // Pages of at most so many results are read in `looks`, those of one moment in one round trip; larger ones in
  // `pages`, where they hold up no such look.
  static constexpr int kShortPage = 50;
  RunLooks(SharedCommits& looks, Database& pages) : looks_(looks), pages_(pages) {}

  struct View {
    pb::Run run;
    ResultStore::Page page;
    // Suite, model with its quirk profile, and parameters as they were at the start, with digests; null for runs older
    // than manifests. Any JSON. Only where it was wanted.
    google::protobuf::Value manifest;
  };
  struct Request {
    int32_t after_prompt = 0;
    int limit = 50;
    bool manifest = false;
  };
  // In one round trip. `session` (hash) is the run's, or empty for whoever knows its id. RUN_NOT_FOUND,
  // SESSION_EXPIRED, SESSION_NOT_FOUND.
  Task<View> Look(const CallContext& call, std::string session, std::string test_run_id, Request request);

 private:
  Task<std::vector<Rows>> Read(const CallContext& call, const std::string& known, const std::string& test_run_id,
                               int limit, std::vector<Statement> statements);

  SharedCommits& looks_;
  Database& pages_;
  KnownSessions known_;
};

}  // namespace ftl::batch_runner
