#pragma once

#include <string>

#include <google/protobuf/message.h>

#include "common/db/row.h"
#include "finetunelab/batch_runner/v1/comparison.pb.h"

namespace ftl {

// The columns of a comparison `c`, as a list has it and by itself, and the comparison in a row of them, without its
// answers and with all that a blind one hides. One that nobody carries any more is incomplete.
#define FTL_COMPARISON_COLUMNS                                                                                     \
  "c.id::text AS id, c.project, c.created_at, c.completed_at, c.blind, c.columns, c.prompt_preview, "              \
  "c.asked::text AS asked, c.marked, c.marked_at, CASE WHEN c.status = 'running' AND NOT is_heard_of(c.heard_at) " \
  "THEN 'incomplete' ELSE c.status END AS status "
finetunelab::batch_runner::v1::Comparison ComparisonOf(const Row& row);

// The columns of an answer `a`, and the answer in a row of them; one under way is incomplete where its comparison is no
// longer `is_running`.
#define FTL_COMPARED_ANSWER_COLUMNS "a.column_index, a.repetition, a.answer::text AS answer "
finetunelab::batch_runner::v1::ComparedAnswer ComparedAnswerOf(const Row& row, bool is_running);

// As `asked` and `answer` are stored, without what is 0 or empty.
std::string StoredJson(const google::protobuf::Message& message);

}  // namespace ftl
