#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "services/batch-runner/import/import_folder.h"
#include "services/batch-runner/import/progress_bar.h"
#include "services/batch-runner/settings.h"
#include "services/batch-runner/store/agent_store.h"
#include "services/batch-runner/store/conversation_store.h"
#include "services/batch-runner/store/request_store.h"

namespace ftl::batch_runner {

// What came of one kind of things.
struct ImportTally {
  int64_t imported = 0;  // or would be, in a dry run
  int64_t already_there = 0;
  int64_t failed = 0;
  int64_t left_out = 0;  // messages and parts that are no text
  int64_t too_old = 0;   // calls of days that the log does not keep
};

// Stores what other programs have written down, for one owner. Each thing is a transaction of its own, and one that is
// there already is left as it is: so a second import, one beside it, and one after a break add what is missing.
// A file with a fault is named through the bar and keeps no other out. A failure of the database ends it.
class Importer {
 public:
  Importer(boost::asio::any_io_executor executor, const BatchRunnerSettings& settings, std::string owner, bool dry_run);

  // Ok where the database is there and of this program's version.
  Task<> Check();

  Task<ImportTally> Conversations(const ImportFolder& folder);
  // The agent's name is the file's, without `.json`.
  Task<ImportTally> AgentStates(const ImportFolder& folder);
  // A log of calls as request_table.h understands it. Up to 2,000 rows are a transaction, and come in whole or not.
  Task<ImportTally> Requests(const std::string& path);

 private:
  // Stores rows of one day and forgets them.
  Task<> Store(std::vector<pb::LoggedRequest>& rows, ImportTally& tally);

  Database database_;
  SharedCommits commits_;
  ConversationStore conversations_;
  AgentStore agents_;
  RequestStore log_;
  const std::string owner_;
  const bool dry_run_;
  const bool keeps_content_;
  const int history_days_;
};

}  // namespace ftl::batch_runner
