#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"

namespace ftl::analytics {

// Makes a token that lets whoever has it download a run's results once, within five minutes. 256 random bits, of which
// the database keeps the hash. `format` is csv, json, jsonl or pdf.
Task<std::string> OfferDownload(Database& database, const CallContext& call, std::string session,
                                std::string test_run_id, std::string format);

}  // namespace ftl::analytics
