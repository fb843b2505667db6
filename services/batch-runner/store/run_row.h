#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/result.pb.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The door between rows of runs and messages.
pb::Run RunOf(const Row& row);
std::string ParametersToJson(const pb::RunParameters& parameters);

// The word that a column holds: `running` for RUN_STATUS_RUNNING; nullopt for the zero value.
std::string StatusWord(pb::RunStatus status);
pb::RunStatus StatusOfWord(std::string_view word);
bool HasEnded(pb::RunStatus status);
std::optional<std::string> DifficultyWord(pb::Difficulty difficulty);
std::optional<std::string> ErrorTypeWord(finetunelab::endpoint::v1::ErrorType type);
std::optional<std::string> OutcomeWord(finetunelab::endpoint::v1::Outcome outcome);

}  // namespace ftl::batch_runner
