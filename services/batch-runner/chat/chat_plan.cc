#include "services/batch-runner/chat/chat_plan.h"

#include <algorithm>
#include <map>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/message_title.h"
#include "services/batch-runner/chat/template_text.h"

namespace ftl::batch_runner {
namespace {

constexpr int kMostMessages = 1000;
constexpr size_t kShownBytes = 4 * 1024 * 1024;
constexpr std::string_view kMessageVariable = "message";
constexpr std::string_view kGoOn =
    "Your last answer broke off. Go on exactly where it ends: repeat nothing of it, and write nothing about this.";

bool AsksAgain(const pb::ChatRequest& request) {
  return request.has_regenerate_message_id() || request.has_continue_message_id();
}

pb::CallParameters ParametersOf(const pb::ChatRequest& request) {
  pb::CallParameters parameters;
  if (request.has_temperature()) parameters.set_temperature(request.temperature());
  if (request.has_max_tokens()) parameters.set_max_tokens(request.max_tokens());
  if (request.has_top_p()) parameters.set_top_p(request.top_p());
  if (request.has_stream()) parameters.set_stream(request.stream());
  return parameters;
}

absl::StatusOr<std::string> TextOfTemplate(const pb::ChatRequest& request, const pb::PromptTemplate& text) {
  std::map<std::string, std::string> values;
  for (const pb::TemplateVariable& variable : text.variables()) {
    if (variable.has_default_()) values[variable.name()] = variable.default_();
  }
  for (const auto& [name, value] : request.variables()) values[name] = value;
  const auto names = VariablesIn(text.content());
  const bool has_place = std::find(names.begin(), names.end(), kMessageVariable) != names.end();
  if (has_place && request.has_message()) values[std::string(kMessageVariable)] = request.message();
  TRY(std::string filled, FillIn(text.content(), values, kMessageBytes));
  if (!has_place && !request.message().empty()) filled += "\n\n" + request.message();
  return filled;
}

absl::StatusOr<std::vector<SaidMessage>> SaidIn(const pb::ChatRequest& request, const ChatScene& scene) {
  std::vector<SaidMessage> said;
  if (AsksAgain(request)) return said;
  for (const pb::ChatMessage& message : request.messages()) {
    const bool has_role = message.role() != pb::MESSAGE_ROLE_UNSPECIFIED;
    said.push_back({has_role ? message.role() : pb::MESSAGE_ROLE_USER, message.content()});
  }
  if (scene.prompt_template) {
    TRY(std::string text, TextOfTemplate(request, *scene.prompt_template));
    said.push_back({pb::MESSAGE_ROLE_USER, std::move(text)});
  } else if (request.has_message()) {
    said.push_back({pb::MESSAGE_ROLE_USER, request.message()});
  }
  return said;
}

absl::Status NotFound(std::string_view field, std::string_view what) {
  return Refuse(Reason::kNotFound, "There is no such " + std::string(what) + ".").Field(field, "is not there");
}

absl::Status JudgeTarget(const pb::ChatRequest& request, const ChatScene& scene) {
  const ChatTarget target = TargetOf(request);
  if (target.message_id.empty()) return absl::OkStatus();
  if (!scene.target) return NotFound("message_id", "message in this conversation");
  const auto refuse = [](std::string_view field, std::string_view fault) {
    FieldFaults faults;
    faults.Add(field, fault);
    return faults.Verdict();
  };
  const bool is_answer = scene.target->role() == pb::MESSAGE_ROLE_ASSISTANT;
  if (request.has_edit_message_id() && is_answer) {
    return refuse("edit_message_id", "is an answer; ask again with regenerate_message_id");
  }
  if (request.has_regenerate_message_id() && !is_answer) return refuse("regenerate_message_id", "is no answer");
  if (request.has_continue_message_id() && (!is_answer || scene.target->status() != pb::MESSAGE_STATUS_INCOMPLETE)) {
    return refuse("continue_message_id", "is no answer that broke off");
  }
  if (request.has_continue_message_id() && scene.target->content().size() > kMessageBytes) {
    return refuse("continue_message_id", "is as long as an answer may become");
  }
  if (AsksAgain(request) && scene.branch.empty()) return refuse("regenerate_message_id", "answers no message");
  return absl::OkStatus();
}

// The newest that fit, the oldest first; a branch's own system messages stay where they are.
void Show(const std::vector<pb::Message>& branch, int depth, int window, ChatPlan& plan) {
  std::vector<ChatMessage> newest;
  size_t bytes = 0;
  int count = 0;
  const auto add = [&](pb::MessageRole role, const std::string& content) {
    if (count == window || (count > 0 && bytes + content.size() > kShownBytes)) return false;
    bytes += content.size();
    ++count;
    // An answer without text says nothing to a model, and some services refuse it.
    if (!content.empty()) newest.push_back({EnumWord(role), content});
    return true;
  };
  bool fits = true;
  for (auto said = plan.said.rbegin(); fits && said != plan.said.rend(); ++said) fits = add(said->role, said->content);
  for (auto each = branch.rbegin(); fits && each != branch.rend(); ++each) fits = add(each->role(), each->content());
  plan.left_out = depth + static_cast<int>(plan.said.size()) - count;
  plan.shown.insert(plan.shown.end(), std::make_move_iterator(newest.rbegin()), std::make_move_iterator(newest.rend()));
}

template <typename Settings>
void TakeOver(const std::optional<Settings>& settings, ChatPlan& plan, std::optional<std::string>& system_prompt) {
  if (!settings) return;
  if (settings->has_model()) plan.model = settings->model();
  if (settings->has_system_prompt()) system_prompt = settings->system_prompt();
  plan.parameters.MergeFrom(settings->parameters());
}

}  // namespace

ChatTarget TargetOf(const pb::ChatRequest& request) {
  if (request.has_edit_message_id()) return {request.edit_message_id(), true};
  if (request.has_regenerate_message_id()) return {request.regenerate_message_id(), true};
  if (request.has_continue_message_id()) return {request.continue_message_id(), true};
  return {request.parent_id(), false};
}

absl::Status JudgeChat(const pb::ChatRequest& request) {
  FieldFaults faults;
  JudgeChat(request, faults);
  return faults.Verdict();
}

void JudgeChat(const pb::ChatRequest& request, FieldFaults& faults) {
  if (request.has_model()) JudgeModelChoice(request.model(), faults);
  JudgeChatParameters(ParametersOf(request), "", faults);
  if (request.has_project()) JudgeProject(request.project(), faults);
  JudgeLength("message", request.message(), 0, kMessageBytes, faults);
  JudgeLength("system_prompt", request.system_prompt(), 0, kSystemPromptBytes, faults);
  const int targets = request.has_edit_message_id() + request.has_regenerate_message_id() +
                      request.has_continue_message_id() + request.has_parent_id();
  if (targets > 1) faults.Add("parent_id", "goes with no other message's id, and only one of them may be given");
  if (targets > 0 && !request.has_conversation_id()) faults.Add("conversation_id", "is missing");
  const bool has_text = !request.message().empty() || request.has_template_();
  if (AsksAgain(request)) {
    if (has_text || request.messages_size() > 0)
      faults.Add("message", "is not said where an answer is asked for again");
  } else if (request.messages_size() > 0) {
    if (has_text) faults.Add("messages", "stand in place of message and template");
    if (request.messages_size() > kMostMessages) faults.Add("messages", "must be at most 1000");
    const pb::MessageRole last = request.messages(request.messages_size() - 1).role();
    if (last != pb::MESSAGE_ROLE_USER && last != pb::MESSAGE_ROLE_UNSPECIFIED) {
      faults.Add("messages", "must end with the person's");
    }
    for (int i = 0; i < request.messages_size(); ++i) {
      JudgeLength("messages[" + std::to_string(i) + "].content", request.messages(i).content(), 1, kMessageBytes,
                  faults);
    }
  } else if (!has_text) {
    faults.Add("message", "is missing");
  }
  if (request.variables_size() > 0 && !request.has_template_()) faults.Add("variables", "go with a template");
}

absl::StatusOr<ChatPlan> PlanChat(const pb::ChatRequest& request, const ChatScene& scene, int window) {
  if (request.has_conversation_id() && !scene.conversation) return NotFound("conversation_id", "conversation");
  if (request.has_agent() && !scene.agent) return NotFound("agent", "agent");
  if (request.has_template_() && !scene.prompt_template) return NotFound("template", "template");
  TRY(JudgeTarget(request, scene));
  ChatPlan plan;
  plan.parameters.set_temperature(kDefaultTemperature);
  plan.parameters.set_max_tokens(kDefaultMaxTokens);
  plan.parameters.set_top_p(kDefaultTopP);
  std::optional<std::string> system_prompt;
  TakeOver(scene.conversation, plan, system_prompt);
  TakeOver(scene.agent, plan, system_prompt);
  if (request.has_model()) plan.model = request.model();
  if (request.has_system_prompt()) system_prompt = request.system_prompt();
  plan.parameters.MergeFrom(ParametersOf(request));
  if (plan.model.id().empty()) {
    FieldFaults faults;
    faults.Add("model", "is missing; neither the conversation nor an agent names one");
    return faults.Verdict();
  }
  if (request.has_system_prompt()) plan.system_prompt = request.system_prompt();
  if (!scene.branch.empty()) plan.parent_id = scene.branch.back().id();
  plan.depth = scene.depth;
  TRY(plan.said, SaidIn(request, scene));
  for (const SaidMessage& said : plan.said) {
    if (plan.title.empty() && said.role == pb::MESSAGE_ROLE_USER) plan.title = TitleOfMessage(said.content);
  }
  if (system_prompt && !system_prompt->empty()) plan.shown.push_back({"system", *system_prompt});
  Show(scene.branch, scene.depth, window, plan);
  if (request.has_continue_message_id()) {
    plan.continues = scene.target->id();
    plan.begins_with = scene.target->content();
    if (!plan.begins_with.empty()) {
      plan.shown.push_back({"assistant", plan.begins_with});
      plan.shown.push_back({"user", std::string(kGoOn)});
    }
  }
  return plan;
}

}  // namespace ftl::batch_runner
