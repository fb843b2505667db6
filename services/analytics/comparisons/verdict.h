#pragma once

#include "finetunelab/batch_runner/v1/comparison.pb.h"

namespace ftl::analytics {

// What the figures of a comparison's answers say. Whole answers count; a column counts with the median of its own, and
// leads where that is better than each other column's. A lead is clear where the repetitions that both columns answered
// part in sign from those of every other column (exact sign tests, adjusted by Holm, below 5 %); fewer than 6 of them
// are too few to tell. Pure.
finetunelab::batch_runner::v1::ComparisonVerdict VerdictOf(const finetunelab::batch_runner::v1::Comparison& comparison);

}  // namespace ftl::analytics
