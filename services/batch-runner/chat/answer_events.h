#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finetunelab/batch_runner/v1/chat_service.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// How much of an answer somebody has had, in bytes.
struct AnswerPlace {
  size_t reasoning = 0;
  size_t content = 0;
  friend bool operator==(const AnswerPlace&, const AnswerPlace&) = default;
};

// The id of an event after which somebody has had so much: `<message>-<reasoning>-<content>`. Pure, as all here.
std::string EventIdOf(std::string_view message_id, AnswerPlace place);

struct AnswerCursor {
  std::string message_id;
  AnswerPlace place;
};
// nullopt for what is no id of an event.
std::optional<AnswerCursor> CursorOf(std::string_view event_id);

// What is told first of an answer.
pb::ChatEvent StartEvent(const std::string& conversation_id, const pb::Message& answer);

// The next piece after `place`, at most 64 KiB and ending at a whole character, reasoning before content; moves `place`
// behind it. nullopt where there is no more. A place beyond the text, or within a character, is moved to where text can
// be told.
std::optional<pb::ChatEvent> NextPiece(std::string_view message_id, std::string_view reasoning,
                                       std::string_view content, AnswerPlace& place);

// What is told at the end of an answer that is stored.
std::vector<pb::ChatEvent> EndEvents(const std::string& conversation_id, const pb::Message& answer);

// The finish reason of an answer that a person ended.
inline constexpr std::string_view kStopped = "stopped";

}  // namespace ftl::batch_runner
