#pragma once

#include <string>
#include <vector>

#include "common/endpoint/format/chat_request.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// What the person's own model is told: the state of the run in figures, then the facts found, as things that are right.
// `summary` has metrics.
std::string SystemPrompt(const Finding& summary, const std::string& facts);

// A comment on facts that the person has read already.
std::vector<ChatMessage> CommentMessages(std::string system_prompt, const std::string& question);

// The person's talk with their model, its latest turns.
std::vector<ChatMessage> TalkMessages(
    std::string system_prompt, const google::protobuf::RepeatedPtrField<finetunelab::analytics::v1::Message>& talk);

}  // namespace ftl::analytics
