#pragma once

#include <cstdint>
#include <string>

#include "common/db/database.h"
#include "common/host/settings.h"
#include "common/workspace/workspace.h"

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
  std::shared_ptr<const EgressAllow> egress_allow;
};

}  // namespace ftl::batch_runner
