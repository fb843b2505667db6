#include "services/batch-runner/suite/conversation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

const json::string* TextAt(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

std::string RoleOf(std::string_view given) {
  const std::string word = absl::AsciiStrToLower(absl::string_view(given.data(), given.size()));
  if (word == "human" || word == "user" || word == "prompter") return "user";
  if (word == "gpt" || word == "assistant" || word == "chatgpt" || word == "model" || word == "bot" ||
      word == "chatbot") {
    return "assistant";
  }
  return word == "system" || word == "developer" ? word : "";
}

// Google's messages of the person asking may leave the role out.
std::string RoleOf(const json::object& message) {
  const json::string* who = TextAt(message, "role");
  if (who == nullptr) who = TextAt(message, "from");
  if (who == nullptr) return message.contains("parts") ? "user" : "";
  return RoleOf(std::string_view(who->data(), who->size()));
}

bool HasCalls(const json::object& message, std::string_view name) {
  const json::value* calls = message.if_contains(name);
  if (calls == nullptr || calls->is_null()) return false;
  return !calls->is_array() || !calls->get_array().empty();
}

}  // namespace

std::optional<std::string> MessageText(const json::value& content) {
  if (const json::string* text = content.if_string()) return std::string(*text);
  if (const json::object* holder = content.if_object()) {
    const json::value* parts = holder->if_contains("parts");
    return parts != nullptr && parts->is_array() ? MessageText(*parts) : std::nullopt;
  }
  const json::array* parts = content.if_array();
  if (parts == nullptr) return std::nullopt;
  std::string all;
  for (const json::value& part : *parts) {
    const json::object* object = part.if_object();
    const json::string* text = object == nullptr ? part.if_string() : TextAt(*object, "text");
    if (text == nullptr) return std::nullopt;
    if (!all.empty()) all += '\n';
    all.append(text->data(), text->size());
  }
  return all;
}

void SettleConversation(pb::Prompt& prompt) {
  if (prompt.messages().empty()) return;
  if (prompt.prompt().empty()) {
    for (const pb::PromptMessage& message : prompt.messages()) {
      if (message.role() == "user") prompt.set_prompt(message.content());
    }
  }
  if (prompt.messages_size() == 1 && prompt.messages(0).role() == "user" &&
      prompt.messages(0).content() == prompt.prompt()) {
    prompt.clear_messages();
  }
}

std::string ReadConversation(const json::value& list, pb::Prompt& prompt) {
  const json::array* messages = list.if_array();
  if (messages == nullptr) return "the messages must be a list";
  if (messages->size() > kMostMessages) return "has more than 256 messages";
  for (const json::value& value : *messages) {
    const json::object* object = value.if_object();
    if (object == nullptr) return "a message must be an object with role and content";
    if (!object->contains("role") && !object->contains("from") && !object->contains("parts")) {
      return "a message has no role";
    }
    const std::string role = RoleOf(*object);
    if (role.empty() || HasCalls(*object, "tool_calls") || HasCalls(*object, "function_call")) {
      return "calls of tools are not sent here; messages are of system, developer, user or assistant";
    }
    const json::value* content = nullptr;
    for (const char* name : {"content", "value", "parts", "message"}) {
      if (content == nullptr) content = object->if_contains(name);
    }
    std::optional<std::string> text = content == nullptr ? std::nullopt : MessageText(*content);
    if (!text) return fmt::format("the content of a message of {} is not text", role);
    pb::PromptMessage& message = *prompt.add_messages();
    message.set_role(role);
    message.set_content(std::move(*text));
  }
  while (prompt.messages_size() > 1 && prompt.messages(prompt.messages_size() - 1).role() == "assistant") {
    const std::string& answer = prompt.messages(prompt.messages_size() - 1).content();
    if (!prompt.has_expected_answer() && !answer.empty()) prompt.set_expected_answer(answer);
    prompt.mutable_messages()->RemoveLast();
  }
  return "";
}

void PutSystemFirst(std::string_view system, pb::Prompt& prompt) {
  if (prompt.messages().empty()) {
    pb::PromptMessage& user = *prompt.add_messages();
    user.set_role("user");
    user.set_content(prompt.prompt());
  }
  pb::PromptMessage& first = *prompt.add_messages();
  first.set_role("system");
  first.set_content(std::string(system));
  std::rotate(prompt.mutable_messages()->begin(), prompt.mutable_messages()->end() - 1,
              prompt.mutable_messages()->end());
}

}  // namespace ftl::batch_runner
