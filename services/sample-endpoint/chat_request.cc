#include "services/sample-endpoint/chat_request.h"

#include <boost/json/parse.hpp>

#include "services/sample-endpoint/pieces.h"

namespace ftl::sample_endpoint {
namespace {

namespace json = boost::json;

constexpr int kTokensAroundMessage = 4;

std::string TextOf(const json::value* content) {
  if (!content) return {};
  if (content->is_string()) return std::string(content->get_string());
  std::string text;
  if (!content->is_array()) return text;
  for (const json::value& part : content->get_array()) {
    const json::value* words = part.is_object() ? part.get_object().if_contains("text") : nullptr;
    if (words && words->is_string()) text += words->get_string();
  }
  return text;
}

bool IsTrue(const json::value* value) { return value && value->is_bool() && value->get_bool(); }

absl::Status ReadMessages(const json::value* messages, ChatRequest& request) {
  if (!messages || !messages->is_array() || messages->get_array().empty()) {
    return absl::InvalidArgumentError("`messages` must be a list of at least one message.");
  }
  for (const json::value& message : messages->get_array()) {
    const json::object* fields = message.if_object();
    const json::value* role = fields ? fields->if_contains("role") : nullptr;
    if (!role || !role->is_string()) return absl::InvalidArgumentError("Every message needs a `role`.");
    std::string text = TextOf(fields->if_contains("content"));
    request.input_tokens += kTokensAroundMessage + static_cast<int>(Pieces(text).size());
    request.names_system |= role->get_string() == "system";
    if (role->get_string() == "user") request.prompt = std::move(text);
  }
  return absl::OkStatus();
}

absl::Status ReadLimit(const json::object& fields, std::string_view name, std::optional<int>& limit) {
  const json::value* value = fields.if_contains(json::string_view(name.data(), name.size()));
  if (!value || value->is_null()) return absl::OkStatus();
  boost::system::error_code fault;
  limit = value->to_number<int>(fault);
  if (fault || *limit < 1) return absl::InvalidArgumentError("The token limit must be a whole number from 1.");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ChatRequest> ReadChatRequest(std::string_view body, std::string_view deployment) {
  boost::system::error_code fault;
  const json::value root = json::parse(json::string_view(body.data(), body.size()), fault);
  const json::object* fields = root.if_object();
  if (fault || !fields) return absl::InvalidArgumentError("The body must be a JSON object.");
  ChatRequest request;
  request.model = deployment;
  if (const json::value* model = fields->if_contains("model"); model && model->is_string() && deployment.empty()) {
    request.model = std::string(model->get_string());
  }
  if (request.model.empty()) return absl::InvalidArgumentError("You must provide a `model`.");
  if (absl::Status read = ReadMessages(fields->if_contains("messages"), request); !read.ok()) return read;
  request.stream = IsTrue(fields->if_contains("stream"));
  request.names_temperature = fields->contains("temperature");
  if (const json::value* options = fields->if_contains("stream_options")) {
    request.names_stream_options = true;
    request.include_usage = options->is_object() && IsTrue(options->get_object().if_contains("include_usage"));
  }
  absl::Status read = ReadLimit(*fields, "max_tokens", request.max_tokens);
  read.Update(ReadLimit(*fields, "max_completion_tokens", request.max_completion_tokens));
  if (!read.ok()) return read;
  return request;
}

}  // namespace ftl::sample_endpoint
