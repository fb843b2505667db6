#pragma once

#include <utility>
#include <vector>

#include "finetunelab/analytics/v1/tested_difference.pb.h"
#include "services/analytics/compare/unpaired.h"

namespace ftl::analytics {

// One figure of two groups and its test, without column and names; `base` comes first. Pure, any thread.
finetunelab::analytics::v1::TestedDifference TestPairedOutcomes(const std::vector<std::pair<bool, bool>>& pairs);
// `differences` are other less base, pair by pair.
finetunelab::analytics::v1::TestedDifference TestPairedValues(const std::vector<double>& differences);
finetunelab::analytics::v1::TestedDifference TestShares(const Share& base, const Share& other);
finetunelab::analytics::v1::TestedDifference TestValues(const MiddleValues& base, const MiddleValues& other);

// Adjusts the p-values of all that are told together and says what each comes to.
void SettleVerdicts(std::vector<finetunelab::analytics::v1::TestedDifference>& tested);

}  // namespace ftl::analytics
