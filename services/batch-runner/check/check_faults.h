#pragma once

#include <string_view>

#include "common/error/refusal.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Notes all that is wrong with the checks and the expected answer of a prompt that a person gives, each under its place
// in the contract: `<path>.checks[0].any[1].value`. A field that its kind does not use is a fault too, so that nobody
// believes in a tolerance that is ignored. Groups nest at most 4 deep; a prompt has at most 64 checks in all.
void ValidateChecks(const pb::Prompt& prompt, std::string_view path, FieldFaults& faults);

}  // namespace ftl::batch_runner
