#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/db/query.h"
#include "common/db/row.h"
#include "services/analytics/compare/run_comparison.h"

namespace ftl::analytics {

// Two runs of one session. `session` is the hash.
struct RunPair {
  std::string session;
  std::string base;
  std::string other;
  // Leaves out later results of `up_to_run_id`.
  std::optional<int64_t> up_to_sequence = std::nullopt;
  std::string up_to_run_id = {};
};

// Prompts at the same place of both runs in the same words, in order of their numbers.
Statement AskPairs(const RunPair& runs);
std::vector<ResultPair> PairsOf(const Rows& rows);

// Whether the session has the run `base`: one row, `there`.
Statement AskWhetherBaseIsThere(const RunPair& runs);

}  // namespace ftl::analytics
