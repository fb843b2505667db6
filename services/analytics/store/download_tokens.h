#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"

namespace ftl::analytics {

// Makes a token that lets whoever has it download a run's results once, within five minutes: those of `prompt_ids`, or
// all where there are none named. 256 random bits, of which the database keeps the hash. `format` is a word of the
// export route.
Task<std::string> OfferDownload(Database& database, const CallContext& call, std::string session,
                                std::string test_run_id, std::string format,
                                std::optional<std::vector<int32_t>> prompt_ids);

}  // namespace ftl::analytics
