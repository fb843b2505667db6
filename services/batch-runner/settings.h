#pragma once

#include <cstdint>
#include <string>

#include "common/db/database.h"
#include "common/host/settings.h"
#include "common/workspace/workspace.h"
#include "services/batch-runner/history/price_list.h"

namespace ftl::batch_runner {

struct BatchRunnerSettings {
  static BatchRunnerSettings Read(host::Settings& settings);

  DatabaseSettings database;
  // Connections for reading runs and results, and for the steps of runs.
  int read_connections;
  int step_connections;
  // Calls to endpoints that a process may have under way for its runs.
  int calls_at_a_time;
  // Prompts a session may run in all, repeats counted.
  int32_t prompts_per_session;
  // Whether endpoints on this machine may be called.
  bool allow_localhost;
  WorkspaceMode workspace;
  // Of a conversation's branch, how many messages a model is shown at the most.
  int chat_messages;
  // Whether an answer is finished to which nobody listens any more.
  bool chat_goes_on;
  std::shared_ptr<const EgressAllow> egress_allow;
  // Whether the log of calls keeps what was asked and answered, and for how many days it keeps a call; 0 for ever.
  bool keeps_content;
  int history_days;
  PriceList prices;
};

}  // namespace ftl::batch_runner
