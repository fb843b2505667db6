#include "services/batch-runner/chat/conversation_import.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/message_title.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

// An index has it.
constexpr size_t kOriginBytes = 512;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

const json::value* Member(const json::object& object, std::string_view name) {
  const auto found = object.find(json::string_view(name.data(), name.size()));
  return found == object.end() ? nullptr : &found->value();
}

std::string_view TextOf(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  return value != nullptr && value->is_string() ? View(value->get_string()) : std::string_view();
}

const json::object* ObjectIn(const json::object& object, std::string_view name) {
  const json::value* value = Member(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

// Seconds since 1970, as a number or text of one, or RFC 3339.
std::optional<absl::Time> MomentIn(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::value* value = Member(object, name);
    if (value == nullptr) continue;
    absl::Time moment;
    if (value->is_number()) {
      moment = absl::UnixEpoch() + absl::Seconds(value->to_number<double>());
    } else if (!value->is_string() ||
               !absl::ParseTime(absl::RFC3339_full, std::string(View(value->get_string())), &moment, nullptr)) {
      continue;
    }
    // What no database could hold, and milliseconds taken for seconds, are no moments.
    if (moment > absl::UnixEpoch() && moment < absl::FromCivil(absl::CivilYear(2200), absl::UTCTimeZone())) {
      return moment;
    }
  }
  return std::nullopt;
}

pb::MessageRole RoleOf(std::string_view word) {
  static const auto& words = *new std::map<std::string_view, pb::MessageRole>{
      {"user", pb::MESSAGE_ROLE_USER},           {"human", pb::MESSAGE_ROLE_USER},
      {"assistant", pb::MESSAGE_ROLE_ASSISTANT}, {"ai", pb::MESSAGE_ROLE_ASSISTANT},
      {"bot", pb::MESSAGE_ROLE_ASSISTANT},       {"gpt", pb::MESSAGE_ROLE_ASSISTANT},
      {"model", pb::MESSAGE_ROLE_ASSISTANT},     {"system", pb::MESSAGE_ROLE_SYSTEM},
      {"developer", pb::MESSAGE_ROLE_SYSTEM}};
  const auto found = words.find(word);
  return found == words.end() ? pb::MESSAGE_ROLE_UNSPECIFIED : found->second;
}

// Text, or parts of which the texts count.
std::string ContentOf(const json::value& content, int& left_out) {
  if (content.is_string()) return std::string(View(content.get_string()));
  const json::array* parts = content.if_array();
  if (parts == nullptr) {
    ++left_out;
    return "";
  }
  std::string text;
  for (const json::value& part : *parts) {
    std::string_view piece;
    if (part.is_string()) piece = View(part.get_string());
    if (const json::object* object = part.if_object()) piece = TextOf(*object, "text");
    if (piece.empty()) {
      left_out += part.is_string() ? 0 : 1;
      continue;
    }
    if (!text.empty()) text += "\n\n";
    text += piece;
  }
  return text;
}

absl::Status Fault(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

absl::Status JudgeSize(const ForeignConversation& conversation) {
  if (conversation.origin.size() > kOriginBytes) return Fault("has an id of more than 500 bytes");
  if (conversation.messages.empty()) return Fault("has no message with text");
  if (conversation.messages.size() > static_cast<size_t>(kMessagesOfConversation)) {
    return Fault(fmt::format("has more than {} messages", kMessagesOfConversation));
  }
  for (const ForeignMessage& message : conversation.messages) {
    if (message.content.size() > kMessageBytes) return Fault("has a message of more than 1 MiB");
  }
  return absl::OkStatus();
}

// One message after the other.
absl::StatusOr<ForeignConversation> FromList(const json::array& list) {
  ForeignConversation conversation;
  for (size_t i = 0; i < list.size(); ++i) {
    const json::object* object = list[i].if_object();
    if (object == nullptr) return Fault(fmt::format("has a message {} that is no object", i + 1));
    const std::string_view role = TextOf(*object, "role");
    const json::value* content = Member(*object, "content");
    if (role == "tool" || role == "function" || (content != nullptr && content->is_null())) {
      ++conversation.left_out;
      continue;
    }
    ForeignMessage message;
    message.role = RoleOf(role);
    if (message.role == pb::MESSAGE_ROLE_UNSPECIFIED) {
      return Fault(fmt::format("has a message {} whose role is none that is known", i + 1));
    }
    if (content == nullptr) return Fault(fmt::format("has a message {} without content", i + 1));
    message.content = ContentOf(*content, conversation.left_out);
    message.created_at = MomentIn(*object, {"timestamp", "created_at", "create_time"});
    if (message.content.empty()) continue;
    if (!conversation.messages.empty()) message.parent = conversation.messages.size() - 1;
    conversation.messages.push_back(std::move(message));
  }
  if (!conversation.messages.empty()) conversation.active = conversation.messages.size() - 1;
  return conversation;
}

// A node of an exported tree.
struct Node {
  std::string_view parent;
  std::optional<ForeignMessage> message;  // none where it holds no text: its children follow its parent
};

// The nodes as messages, parents first, in the order of their moments else of the file.
absl::StatusOr<ForeignConversation> FromTree(const std::vector<std::pair<std::string_view, Node>>& nodes,
                                             std::string_view current) {
  std::map<std::string_view, const Node*> by_id;
  for (const auto& [id, node] : nodes) by_id[id] = &node;
  const auto find = [&](std::string_view id) -> const Node* {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  };
  ForeignConversation conversation;
  std::map<const Node*, size_t> places;
  for (const auto& [id, start] : nodes) {
    // Up to what has a place already, then down again.
    std::vector<const Node*> way;
    for (const Node* node = find(id); node != nullptr && !places.contains(node); node = find(node->parent)) {
      if (way.size() > nodes.size()) return Fault("has a message that is its own parent");
      way.push_back(node);
    }
    for (auto node = way.rbegin(); node != way.rend(); ++node) {
      if (!(*node)->message) continue;
      ForeignMessage message = *(*node)->message;
      for (const Node* up = find((*node)->parent); up != nullptr; up = find(up->parent)) {
        if (const auto place = places.find(up); place != places.end()) {
          message.parent = place->second;
          break;
        }
      }
      places[*node] = conversation.messages.size();
      conversation.messages.push_back(std::move(message));
    }
  }
  if (!conversation.messages.empty()) conversation.active = conversation.messages.size() - 1;
  for (const Node* node = find(current); node != nullptr; node = find(node->parent)) {
    if (const auto place = places.find(node); place != places.end()) {
      conversation.active = place->second;
      break;
    }
  }
  return conversation;
}

absl::StatusOr<ForeignConversation> FromOpenWebUi(const json::object& messages, std::string_view current) {
  std::vector<std::pair<std::string_view, Node>> nodes;
  int left_out = 0;
  for (const auto& [id, value] : messages) {
    const json::object* object = value.if_object();
    if (object == nullptr) return Fault("has a message that is no object");
    Node node{.parent = TextOf(*object, "parentId"), .message = {}};
    ForeignMessage message;
    message.role = RoleOf(TextOf(*object, "role"));
    if (const json::value* content = Member(*object, "content")) message.content = ContentOf(*content, left_out);
    message.created_at = MomentIn(*object, {"timestamp"});
    if (message.role != pb::MESSAGE_ROLE_UNSPECIFIED && !message.content.empty()) node.message = std::move(message);
    nodes.emplace_back(std::string_view(id.data(), id.size()), std::move(node));
  }
  TRY(ForeignConversation conversation, FromTree(nodes, current));
  conversation.left_out = left_out;
  return conversation;
}

absl::StatusOr<ForeignConversation> FromChatGpt(const json::object& mapping, std::string_view current) {
  std::vector<std::pair<std::string_view, Node>> nodes;
  int left_out = 0;
  for (const auto& [id, value] : mapping) {
    const json::object* object = value.if_object();
    if (object == nullptr) return Fault("has a message that is no object");
    Node node{.parent = TextOf(*object, "parent"), .message = {}};
    if (const json::object* said = ObjectIn(*object, "message")) {
      ForeignMessage message;
      const json::object* author = ObjectIn(*said, "author");
      message.role = author == nullptr ? pb::MESSAGE_ROLE_UNSPECIFIED : RoleOf(TextOf(*author, "role"));
      const json::object* content = ObjectIn(*said, "content");
      const json::value* parts = content == nullptr ? nullptr : Member(*content, "parts");
      if (parts != nullptr) message.content = ContentOf(*parts, left_out);
      message.created_at = MomentIn(*said, {"create_time"});
      const bool is_text = message.role != pb::MESSAGE_ROLE_UNSPECIFIED && !message.content.empty();
      if (is_text) node.message = std::move(message);
      left_out += !is_text && message.role == pb::MESSAGE_ROLE_UNSPECIFIED ? 1 : 0;
    }
    nodes.emplace_back(std::string_view(id.data(), id.size()), std::move(node));
  }
  TRY(ForeignConversation conversation, FromTree(nodes, current));
  conversation.left_out = left_out;
  return conversation;
}

// Of an object that is a conversation. `name` stands for its id where it has none.
absl::StatusOr<ForeignConversation> FromObject(const json::object& object, std::string_view name) {
  absl::StatusOr<ForeignConversation> made = Fault("holds no conversation: no `messages`, `history` or `mapping`");
  std::string_view kind = "file";
  std::string_view title = TextOf(object, "title");
  std::string_view id = TextOf(object, "id");
  const json::object* chat = ObjectIn(object, "chat");
  const json::object& inner = chat == nullptr ? object : *chat;
  const json::object* history = ObjectIn(inner, "history");
  const json::object* tree = history == nullptr ? nullptr : ObjectIn(*history, "messages");
  if (tree != nullptr) {
    kind = "open-webui";
    if (title.empty()) title = TextOf(inner, "title");
    made = FromOpenWebUi(*tree, TextOf(*history, "currentId"));
  } else if (const json::object* mapping = ObjectIn(object, "mapping")) {
    kind = "chatgpt";
    if (id.empty()) id = TextOf(object, "conversation_id");
    made = FromChatGpt(*mapping, TextOf(object, "current_node"));
  } else {
    for (const char* field : {"messages", "history"}) {
      const json::value* list = Member(inner, field);
      if (list == nullptr || !list->is_array()) continue;
      made = FromList(list->get_array());
      break;
    }
  }
  TRY(std::move(made).status());
  made->title = std::string(title);
  made->origin = fmt::format("{} {}", kind, id.empty() ? name : id);
  return made;
}

void Take(absl::StatusOr<ForeignConversation> read, std::string_view which, ForeignFile& file) {
  absl::Status fault = read.status();
  if (fault.ok()) fault = JudgeSize(*read);
  if (!fault.ok()) {
    file.faults.push_back(fmt::format("{} {}.", which, std::string(fault.message())));
    return;
  }
  const auto first = std::find_if(read->messages.begin(), read->messages.end(),
                                  [](const ForeignMessage& each) { return each.role == pb::MESSAGE_ROLE_USER; });
  if (read->title.empty() && first != read->messages.end()) read->title = TitleOfMessage(first->content);
  if (read->title.size() > kTitleBytes) read->title = TitleOfMessage(read->title);
  file.conversations.push_back(*std::move(read));
}

// Where the elements of a list stand, found by strings and brackets alone; nullopt for what is no list that ends, and
// for one of too many.
std::optional<std::vector<std::string_view>> ElementsOf(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos || text[begin] != '[') return std::nullopt;
  std::vector<std::string_view> elements;
  size_t depth = 1;
  size_t from = begin + 1;
  for (size_t at = from; at < text.size(); ++at) {
    const char sign = text[at];
    if (sign == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
    } else if (sign == '[' || sign == '{') {
      ++depth;
    } else if (sign == ']' || sign == '}') {
      --depth;
    }
    if (depth > 0 && (depth > 1 || sign != ',')) continue;
    if (elements.size() == JsonLimits::kElements) return std::nullopt;
    elements.push_back(text.substr(from, at - from));
    from = at + 1;
    if (depth > 0) continue;
    if (text.find_first_not_of(kSpace, from) != std::string_view::npos) return std::nullopt;
    return elements;
  }
  return std::nullopt;
}

// A list that is more than one text may hold is read one conversation after the other; nullopt where it is none of
// these.
std::optional<ForeignFile> FromLongList(std::string_view name, std::string_view text) {
  const auto elements = ElementsOf(text);
  if (!elements) return std::nullopt;
  ForeignFile file;
  for (size_t i = 0; i < elements->size(); ++i) {
    const std::string which = fmt::format("Conversation {}", i + 1);
    const absl::StatusOr<JsonDocument> document = JsonDocument::Parse((*elements)[i]);
    if (!document.ok()) {
      file.faults.push_back(fmt::format("{}: {}", which, std::string(document.status().message())));
      continue;
    }
    const json::object* object = document->root().if_object();
    // A message: the list is one conversation.
    if (i == 0 && object != nullptr && Member(*object, "role") != nullptr) return std::nullopt;
    Take(object == nullptr ? Fault("is no object") : FromObject(*object, fmt::format("{} {}", name, i + 1)), which,
         file);
  }
  return file;
}

}  // namespace

ForeignFile ReadForeignConversations(std::string_view name, std::string_view text) {
  ForeignFile file;
  const absl::StatusOr<JsonDocument> document = JsonDocument::Parse(text);
  if (!document.ok()) {
    if (ReasonOf(document.status()) == Reason::kBodyTooLarge) {
      if (auto long_list = FromLongList(name, text)) return *std::move(long_list);
    }
    file.faults.push_back(std::string(document.status().message()));
    return file;
  }
  const json::value& root = document->root();
  if (const json::object* object = root.if_object()) {
    Take(FromObject(*object, name), "The file", file);
    return file;
  }
  const json::array* list = root.if_array();
  if (list == nullptr || list->empty()) {
    file.faults.push_back("The file holds no conversation.");
    return file;
  }
  const json::object* first = list->front().if_object();
  const bool is_one = first != nullptr && Member(*first, "role") != nullptr;
  if (is_one) {
    absl::StatusOr<ForeignConversation> read = FromList(*list);
    if (read.ok()) read->origin = fmt::format("file {}", name);
    Take(std::move(read), "The file", file);
    return file;
  }
  for (size_t i = 0; i < list->size(); ++i) {
    const json::object* object = (*list)[i].if_object();
    const std::string which = fmt::format("Conversation {}", i + 1);
    Take(object == nullptr ? Fault("is no object") : FromObject(*object, fmt::format("{} {}", name, i + 1)), which,
         file);
  }
  return file;
}

}  // namespace ftl::batch_runner
