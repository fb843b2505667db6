#pragma once

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

// Fills messages from a list as the field writes it: `role` and `content` (text or parts of text), or ShareGPT's `from`
// and `value`. An answer at the end becomes the expected answer where none is known. Gives what is wrong, or nothing.
std::string ReadConversation(const boost::json::value& list, pb::Prompt& prompt);

// Puts a system message first.
void PutSystemFirst(std::string_view system, pb::Prompt& prompt);

}  // namespace ftl::batch_runner
