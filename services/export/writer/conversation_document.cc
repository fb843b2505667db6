#include "services/export/writer/conversation_document.h"

#include <absl/strings/ascii.h>
#include <absl/time/time.h>

#include "common/json/message_json.h"
#include "common/time/proto_time.h"
#include "services/export/report/markdown.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr size_t kNameLength = 60;

std::string Quoted(std::string_view text) {
  std::string out = "> ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "> ";
  }
  return out;
}

std::string MomentOf(const google::protobuf::Timestamp& moment) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", FromProto(moment), absl::UTCTimeZone());
}

std::string SpeakerOf(const runner::Message& message) {
  switch (message.role()) {
    case runner::MESSAGE_ROLE_USER:
      return "User";
    case runner::MESSAGE_ROLE_SYSTEM:
      return "System";
    default:
      return message.has_model() ? "Assistant (" + EscapedMarkdown(message.model().id()) + ")" : "Assistant";
  }
}

}  // namespace

void AppendMarkdownHead(const runner::Conversation& conversation, std::string& out) {
  out += "# " + (conversation.title().empty() ? "Conversation" : EscapedMarkdown(conversation.title())) + "\n\n";
  out += MomentOf(conversation.created_at()) + "\n";
  if (conversation.has_system_prompt()) out += "\n" + Quoted(conversation.system_prompt()) + "\n";
}

void AppendMarkdown(const runner::Message& message, std::string& out) {
  out += "\n## " + SpeakerOf(message) + "\n\n" + message.content() + "\n";
  if (message.status() != runner::MESSAGE_STATUS_COMPLETE) {
    out += "\n*Unfinished" + (message.has_error() ? ": " + EscapedMarkdown(message.error()) : ".") + "*\n";
  }
}

void AppendJsonHead(const runner::Conversation& conversation, std::string& out) {
  out += "{";
  WriteMembers(conversation, /*first=*/true, out);
  out += ",\"messages\":[";
}

void AppendJson(const runner::Message& message, bool first, std::string& out) {
  out += first ? "\n" : ",\n";
  WriteMessage(message, out);
}

void AppendJsonEnd(std::string& out) { out += "\n]}\n"; }

std::string ConversationFileName(std::string_view title, std::string_view extension) {
  std::string name;
  for (const char c : title) {
    if (name.size() == kNameLength) break;
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      name += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.ends_with('-')) name.pop_back();
  return (name.empty() ? "conversation" : name) + "." + std::string(extension);
}

}  // namespace ftl::exporter
