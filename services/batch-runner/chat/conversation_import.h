#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "finetunelab/batch_runner/v1/conversation.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// A conversation that another program has written down. Its messages are a tree.
struct ForeignMessage {
  std::optional<size_t> parent;  // its place among the messages, before this one
  pb::MessageRole role = pb::MESSAGE_ROLE_UNSPECIFIED;
  std::string content;
  std::optional<absl::Time> created_at;
};
struct ForeignConversation {
  // Says which one it is, wherever and however often it is read.
  std::string origin;
  std::string title;
  std::vector<ForeignMessage> messages;  // parents before children; at least one
  size_t active = 0;                     // the newest of the branch that went on last
  int left_out = 0;                      // messages and parts that are no text: of tools, pictures
};

// What is in a file, and what is wrong with it: a conversation that cannot be read does not keep the others out.
struct ForeignFile {
  std::vector<ForeignConversation> conversations;
  std::vector<std::string> faults;  // whole sentences
};

// Understands, by what the text holds: an array of {role, content, timestamp?}, an object that holds one under
// `messages` or `history`, an array of such objects, and what Open WebUI and ChatGPT export. `name` is the file's; it
// stands for an id where the file has none. Pure.
ForeignFile ReadForeignConversations(std::string_view name, std::string_view text);

}  // namespace ftl::batch_runner
