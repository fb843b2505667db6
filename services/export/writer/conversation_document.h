#pragma once

#include <string>
#include <string_view>

#include "finetunelab/batch_runner/v1/conversation.pb.h"

namespace ftl::exporter {

// A conversation as a file, appended piece by piece, so that it need not be whole at any time. Pure.

// Markdown: a heading, the system prompt, and each message below who said it. What was said is Markdown already and
// stays as it is; what is unfinished says so.
void AppendMarkdownHead(const finetunelab::batch_runner::v1::Conversation& conversation, std::string& out);
void AppendMarkdown(const finetunelab::batch_runner::v1::Message& message, std::string& out);

// One JSON object: the conversation's fields, and its messages.
void AppendJsonHead(const finetunelab::batch_runner::v1::Conversation& conversation, std::string& out);
void AppendJson(const finetunelab::batch_runner::v1::Message& message, bool first, std::string& out);
void AppendJsonEnd(std::string& out);

// The name to save it under, from its title: letters and digits of ASCII, at most 60 of them.
std::string ConversationFileName(std::string_view title, std::string_view extension);

}  // namespace ftl::exporter
