#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finetunelab/batch_runner/v1/compare_service.pb.h"
#include "services/batch-runner/chat/answer_events.h"

namespace ftl::batch_runner {

// How much of each answer somebody has had, by column and then by repetition.
using ComparePlaces = std::vector<AnswerPlace>;

// The id of an event after which somebody has had so much: `<comparison>-<reasoning>.<content>_…`, a pair for each
// answer. Pure, as all here.
std::string CompareEventId(std::string_view comparison_id, const ComparePlaces& places);

struct CompareCursor {
  std::string comparison_id;
  ComparePlaces places;
};
// nullopt for what is no id of an event.
std::optional<CompareCursor> CompareCursorOf(std::string_view event_id);

// What is told first of a comparison: its columns, without their models where it hides them.
std::vector<pb::CompareEvent> CompareStarts(const pb::Comparison& comparison);

// The next piece of answer `slot` (of `comparison.answers()`) after its place, which moves behind it. nullopt where
// there is no more.
std::optional<pb::CompareEvent> NextComparePiece(const pb::Comparison& comparison, int slot, ComparePlaces& places);

// What is told at the end of answer `slot`, which is stored; no cost where models are hidden.
std::vector<pb::CompareEvent> CompareEnds(const pb::Comparison& comparison, int slot);

}  // namespace ftl::batch_runner
