#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

constexpr int kMostMessages = 256;

// Makes what can be said in two ways one: a conversation's last message of a user is its `prompt`, and a conversation
// of only that is no conversation.
void SettleConversation(pb::Prompt& prompt);

// The text of a message's content: text, or a list of parts with a `text` each, bare or under `parts`; nullopt for what
// holds something else.
std::optional<std::string> MessageText(const boost::json::value& content);

// Fills messages from a list as the field writes it: `role` and `content` (text or parts of text), ShareGPT's `from`
// and `value`, Google's `parts`, Cohere's `message`. An answer at the end becomes the expected answer where none is
// known. Gives what is wrong, or nothing.
std::string ReadConversation(const boost::json::value& list, pb::Prompt& prompt);

// Puts a system message first.
void PutSystemFirst(std::string_view system, pb::Prompt& prompt);

}  // namespace ftl::batch_runner
