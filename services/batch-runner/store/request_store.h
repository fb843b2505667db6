#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/db/shared_commits.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/request.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The log of the workspace's calls and what is counted of it. A call is stored twice, as it begins and as it ends; the
// second time its counters go up in the same transaction. Calls of the same moment share a commit.
class RequestStore {
 public:
  // `process` is this process's UUID. All must outlive the store.
  RequestStore(SharedCommits& commits, Database& database, std::string process)
      : commits_(commits), database_(database), process_(std::move(process)) {}

  // A call begins: id (a TimedId, whose moment is the row's), project, kind, service, key_name, model, prompt_preview,
  // messages, parameters and replay_of of `request`. Without a message there is no content.
  Task<> Begin(Deadline deadline, const std::string& owner, const pb::LoggedRequest& request);
  // It has ended: all its other fields. A call that has ended already, by whosever hand, stays as it is, so that a
  // repeat does no harm.
  Task<> Complete(Deadline deadline, const std::string& owner, const pb::LoggedRequest& request);

  // Stores calls of one day (UTC) and project that ended elsewhere, and gives how many were not there yet; their
  // counters go up in the same transaction. The day's partition is made where it is missing. A dry run stores nothing.
  Task<int64_t> Import(Deadline deadline, std::string owner, const std::vector<pb::LoggedRequest>& requests,
                       bool dry_run);

  // NOT_FOUND.
  Task<pb::LoggedRequest> Get(Deadline deadline, std::string owner, std::string project, std::string id);
  // Deletes the calls that began before then and have ended, and gives how many. Their counters go with them.
  Task<int64_t> DeleteBefore(Deadline deadline, std::string owner, std::string project, absl::Time before);

  // This process is alive for so long at least.
  Task<> RenewLease(Deadline deadline, absl::Duration lease);
  // What processes that are no more had under way, each with its owner: `id` and `project` are set.
  struct Abandoned {
    std::string owner;
    pb::LoggedRequest request;
  };
  Task<std::vector<Abandoned>> FindAbandoned(Deadline deadline);
  // Makes the partitions of the days to come.
  Task<> PrepareDays(Deadline deadline);
  // Drops the days that ended at least so many days ago, with what is counted of them. 0 keeps all.
  Task<> DropDays(Deadline deadline, int days);

 private:
  SharedCommits& commits_;
  Database& database_;
  const std::string process_;
};

}  // namespace ftl::batch_runner
