#pragma once

#include "finetunelab/batch_runner/v1/comparison.pb.h"

namespace ftl {

// Whether it is a blind comparison that nobody has marked.
bool HidesModels(const finetunelab::batch_runner::v1::Comparison& comparison);

// Takes away what such a one hides until then: models, and what of an answer tells them.
void HideModels(finetunelab::batch_runner::v1::Comparison& comparison);

// The same of one answer: its cost, an endpoint's own words for a failure, and the ids that it gave calls of tools.
void HideModel(finetunelab::batch_runner::v1::ComparedAnswer& answer);

}  // namespace ftl
