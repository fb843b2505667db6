#include "common/endpoint/format/openai/openai.h"

#include "common/endpoint/format/model_listing.h"
#include "common/endpoint/format/openai/chat_body.h"
#include "common/endpoint/format/openai/chat_reader.h"
#include "common/endpoint/format/openai/refused_parameter.h"
#include "common/endpoint/url/endpoint.h"
#include "common/endpoint/url/provider.h"

namespace ftl {
void OpenAi::AppendFields(const Endpoint& endpoint, const Credential& credential, std::string& head) const {
  if (endpoint.is_azure()) {
    AppendKey("api-key", "", credential, head);
  } else {
    AppendKey("Authorization", "Bearer ", credential, head);
  }
}

std::string OpenAi::ChatTarget(const Endpoint& endpoint, const ChatRequest&) const {
  return endpoint.ChatCompletionsTarget();
}

std::string OpenAi::ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) const {
  return ftl::ChatBody(request, capabilities);
}

std::unique_ptr<AnswerReader> OpenAi::ReaderInto(ChatAnswer& answer) const {
  return std::make_unique<ChatReader>(answer);
}

std::string OpenAi::ModelsTarget(const Endpoint& endpoint) const { return endpoint.ModelsTarget(); }

ModelList OpenAi::ReadModels(std::string_view body, size_t most) const { return ReadModelList(body, most); }

std::string OpenAi::KeyTestUrl(const Endpoint& endpoint) const {
  // OpenRouter lists its models to everybody.
  if (ProviderOf(endpoint).provider == "openrouter") return endpoint.Origin() + "/api/v1/key";
  return Dialect::KeyTestUrl(endpoint);
}

endpoint_pb::Capabilities OpenAi::CapabilitiesFor(const Endpoint& endpoint, std::string_view model,
                                                  endpoint_pb::Capabilities known) const {
  return ftl::CapabilitiesFor(endpoint, model, std::move(known));
}

bool OpenAi::LearnFromRefusal(const ChatRequest& request, const ErrorWords& words,
                              endpoint_pb::Capabilities& capabilities) const {
  return ftl::LearnFromRefusal(request, words, capabilities);
}

void OpenAi::LearnFromAnswer(const ChatRequest& request, const AnswerTraits& traits,
                             endpoint_pb::Capabilities& learned) const {
  const bool asked_for_stream = AsksForStream(request, learned);
  const bool sent_options = !learned.has_stream_options() || learned.stream_options();
  if (asked_for_stream) learned.set_streaming(traits.was_stream);
  if (asked_for_stream && traits.was_stream) {
    learned.set_stream_options(sent_options);
    if (traits.gave_usage || !traits.was_broken_off) learned.set_stream_usage(traits.gave_usage);
  }
  if (request.max_tokens) learned.set_max_completion_tokens(learned.max_completion_tokens());
  if (request.temperature) learned.set_temperature(!learned.has_temperature() || learned.temperature());
  const bool has_system = !request.messages.empty() && request.messages.front().role == "system";
  if (has_system) learned.set_system_role(!learned.has_system_role() || learned.system_role());
  if (traits.has_own_reasoning_fields) learned.set_reasoning(true);
}

}  // namespace ftl
