#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/run.pb.h"
#include "services/export/report/findings.h"

namespace ftl::exporter {

// Chooses the rows of a run that a report shows, up to its `last_sequence`, in one round trip. `session` is the hash.
// SESSION_NOT_FOUND, SESSION_EXPIRED.
Task<RunRows> ChooseRows(Database& database, Deadline deadline, std::string session,
                         const finetunelab::batch_runner::v1::Run& run);

}  // namespace ftl::exporter
