#include "services/batch-runner/compare/compare_events.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "common/comparison/hidden_models.h"
#include "common/proto/copy_fields.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kIdBytes = 36;
constexpr size_t kMostAnswers = 40;

pb::CompareEvent EventOf(const pb::Comparison& comparison, int slot) {
  const pb::ComparedAnswer& answer = comparison.answers(slot);
  pb::CompareEvent event;
  event.set_index(answer.index());
  if (comparison.repeat() > 1) event.set_repetition(answer.repetition());
  return event;
}

std::optional<size_t> NumberOf(absl::string_view digits) {
  int64_t number = 0;
  const bool is_number = absl::SimpleAtoi(digits, &number) && number >= 0;
  return is_number ? std::optional<size_t>(number) : std::nullopt;
}

}  // namespace

std::string CompareEventId(std::string_view comparison_id, const ComparePlaces& places) {
  std::string id(comparison_id);
  char before = '-';
  for (const AnswerPlace& place : places) {
    id += fmt::format("{}{}.{}", before, place.reasoning, place.content);
    before = '_';
  }
  return id;
}

std::optional<CompareCursor> CompareCursorOf(std::string_view event_id) {
  if (event_id.size() <= kIdBytes || event_id[kIdBytes] != '-') return std::nullopt;
  CompareCursor cursor{std::string(event_id.substr(0, kIdBytes)), {}};
  const absl::string_view rest(event_id.data() + kIdBytes + 1, event_id.size() - kIdBytes - 1);
  for (const absl::string_view pair : absl::StrSplit(rest, '_')) {
    const std::vector<absl::string_view> numbers = absl::StrSplit(pair, '.');
    if (numbers.size() != 2 || cursor.places.size() == kMostAnswers) return std::nullopt;
    const auto reasoning = NumberOf(numbers[0]);
    const auto content = NumberOf(numbers[1]);
    if (!reasoning || !content) return std::nullopt;
    cursor.places.push_back({*reasoning, *content});
  }
  return cursor;
}

std::vector<pb::CompareEvent> CompareStarts(const pb::Comparison& comparison) {
  std::vector<pb::CompareEvent> starts(comparison.columns());
  for (int index = 0; index < comparison.columns(); ++index) {
    starts[index].set_index(index);
    pb::CompareStart& start = *starts[index].mutable_start();
    start.set_comparison_id(comparison.id());
    if (!HidesModels(comparison)) *start.mutable_model() = comparison.models(index);
  }
  return starts;
}

std::optional<pb::CompareEvent> NextComparePiece(const pb::Comparison& comparison, int slot, ComparePlaces& places) {
  const pb::ComparedAnswer& answer = comparison.answers(slot);
  auto piece = NextPiece("", answer.reasoning(), answer.content(), places[slot]);
  if (!piece) return std::nullopt;
  pb::CompareEvent event = EventOf(comparison, slot);
  if (piece->has_reasoning()) {
    event.set_reasoning(std::move(*piece->mutable_reasoning()));
  } else {
    event.set_content(std::move(*piece->mutable_content()));
  }
  event.set_id(CompareEventId(comparison.id(), places));
  return event;
}

std::vector<pb::CompareEvent> CompareEnds(const pb::Comparison& comparison, int slot) {
  pb::ComparedAnswer answer = comparison.answers(slot);
  if (HidesModels(comparison)) HideModel(answer);
  pb::Message message;
  CopyFields(answer, message);
  std::vector<pb::CompareEvent> ends;
  for (const pb::ChatEvent& told : EndEvents("", message)) {
    pb::CompareEvent& event = ends.emplace_back(EventOf(comparison, slot));
    if (told.has_tool_call()) *event.mutable_tool_call() = told.tool_call();
    if (told.has_timing()) *event.mutable_timing() = told.timing();
    if (told.has_token_usage()) *event.mutable_token_usage() = told.token_usage();
    if (told.has_done()) CopyFields(told.done(), *event.mutable_done());
    if (told.has_error()) CopyFields(told.error(), *event.mutable_error());
  }
  return ends;
}

}  // namespace ftl::batch_runner
