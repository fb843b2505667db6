#include "services/batch-runner/rpc/conversations_service.h"

#include <set>

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/rpc/paging.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/conversation_import.h"
#include "services/batch-runner/rpc/idempotency_of.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kQueryBytes = 256;
// Each is looked up by itself.
constexpr size_t kMostWords = 8;
constexpr size_t kFileNameBytes = 256;
constexpr int kMostFiles = 1000;
constexpr int kMostListed = 1000;
constexpr int kMostFaults = 100;

template <typename Request>
void JudgeSettings(const Request& request, FieldFaults& faults) {
  if (request.has_title()) JudgeLength("title", request.title(), 0, kTitleBytes, faults);
  if (request.has_model()) JudgeModelChoice(request.model(), faults);
  if (request.has_system_prompt()) {
    JudgeLength("system_prompt", request.system_prompt(), 0, kSystemPromptBytes, faults);
  }
  if (request.has_parameters()) JudgeChatParameters(request.parameters(), "parameters.", faults);
}

absl::StatusOr<std::vector<std::string>> WordsOf(const std::string& query) {
  FieldFaults faults;
  JudgeLength("query", query, 0, kQueryBytes, faults);
  const std::set<std::string> words = absl::StrSplit(query, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (words.size() > kMostWords) faults.Add("query", fmt::format("must have at most {} words", kMostWords));
  TRY(faults.Verdict());
  return std::vector<std::string>(words.begin(), words.end());
}

std::string TextOf(const ConversationStore::Place& place) {
  return fmt::format("{} {}", absl::ToUnixMicros(place.updated_at), place.id);
}

std::optional<ConversationStore::Place> PlaceOf(const std::string& text) {
  const size_t space = text.find(' ');
  int64_t micros = 0;
  if (space == std::string::npos || !absl::SimpleAtoi(text.substr(0, space), &micros)) return std::nullopt;
  return ConversationStore::Place{absl::FromUnixMicros(micros), text.substr(space + 1)};
}

absl::Status JudgeImport(const pb::ImportConversationsRequest& request) {
  FieldFaults faults;
  if (request.has_project()) JudgeProject(request.project(), faults);
  if (request.files().empty()) faults.Add("files", "is missing");
  if (request.files_size() > kMostFiles) faults.Add("files", fmt::format("must be at most {}", kMostFiles));
  for (int i = 0; i < request.files_size(); ++i) {
    JudgeLength(fmt::format("files[{}].name", i), request.files(i).name(), 1, kFileNameBytes, faults);
  }
  return faults.Verdict();
}

void AddFault(const std::string& file, const std::string& message, pb::ImportConversationsResponse& response) {
  response.set_failed(response.failed() + 1);
  if (response.faults_size() == kMostFaults) {
    response.set_more_faults(response.more_faults() + 1);
    return;
  }
  pb::ImportFault& fault = *response.add_faults();
  fault.set_file(file);
  fault.set_message(message);
}

}  // namespace

Task<pb::CreateConversationResponse> ConversationsService::CreateConversation(
    const CallContext& call, const pb::CreateConversationRequest& request) {
  FieldFaults faults;
  JudgeSettings(request, faults);
  if (request.has_project()) JudgeProject(request.project(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::Conversation made, co_await store_.Create(call, request, IdempotencyOf(request)));
  pb::CreateConversationResponse response;
  CopyFields(made, response);
  co_return response;
}

Task<pb::ListConversationsResponse> ConversationsService::ListConversations(
    const CallContext& call, const pb::ListConversationsRequest& request) {
  CO_TRY(const int page_size, PageSize(request.page_size()));
  CO_TRY(std::vector<std::string> words, WordsOf(request.query()));
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  const std::string list = fmt::format("conversations {} {} {}", request.owner(), project, request.query());
  CO_TRY(const std::string position, PagePosition(list, request.page_token()));
  CO_TRY(auto page,
         co_await store_.List(call, request.owner(), project, std::move(words), PlaceOf(position), page_size));
  pb::ListConversationsResponse response;
  response.set_total(page.total);
  for (pb::Conversation& conversation : page.conversations) {
    *response.add_conversations() = std::move(conversation);
  }
  if (page.more) {
    const pb::Conversation& last = response.conversations(response.conversations_size() - 1);
    response.set_next_page_token(PageToken(list, TextOf({FromProto(last.updated_at()), last.id()})));
  }
  co_return response;
}

Task<pb::GetConversationResponse> ConversationsService::GetConversation(const CallContext& call,
                                                                        const pb::GetConversationRequest& request) {
  CO_TRY(const int page_size, PageSize(request.page_size()));
  const std::string list = "messages " + request.id();
  CO_TRY(const std::string position, PagePosition(list, request.page_token()));
  int32_t after = 0;
  (void)absl::SimpleAtoi(position, &after);
  CO_TRY(auto view, co_await store_.Look(call, request.owner(), request.id(), after, page_size));
  pb::GetConversationResponse response;
  CopyFields(view.conversation, response);
  for (pb::Message& message : view.messages) *response.add_messages() = std::move(message);
  response.set_total(response.message_count());
  if (response.messages_size() > 0 && view.last_sequence < response.message_count()) {
    response.set_next_page_token(PageToken(list, std::to_string(view.last_sequence)));
  }
  co_return response;
}

Task<pb::UpdateConversationResponse> ConversationsService::UpdateConversation(
    const CallContext& call, const pb::UpdateConversationRequest& request) {
  FieldFaults faults;
  JudgeSettings(request, faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::Conversation changed, co_await store_.Update(call, request));
  pb::UpdateConversationResponse response;
  CopyFields(changed, response);
  co_return response;
}

Task<pb::DeleteConversationResponse> ConversationsService::DeleteConversation(
    const CallContext& call, const pb::DeleteConversationRequest& request) {
  pb::DeleteConversationResponse response;
  CO_TRY(const bool deleted, co_await store_.Delete(call, request.owner(), request.id()));
  response.set_deleted(deleted);
  co_return response;
}

Task<pb::ImportConversationsResponse> ConversationsService::ImportConversations(
    const CallContext& call, const pb::ImportConversationsRequest& request) {
  CO_TRY(JudgeImport(request));
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  pb::ImportConversationsResponse response;
  for (const pb::ImportFile& each : request.files()) {
    const auto read = [&each] { return ReadForeignConversations(each.name(), each.content()); };
    ForeignFile file;
    if (each.content().size() > ReadingThread::kWorthIt) {
      file = co_await reading_.Run(read);
    } else {
      file = read();
    }
    for (const std::string& fault : file.faults) AddFault(each.name(), fault, response);
    for (ForeignConversation& conversation : file.conversations) {
      pb::ImportedConversation imported;
      imported.set_file(each.name());
      imported.set_title(conversation.title);
      imported.set_message_count(static_cast<int32_t>(conversation.messages.size()));
      imported.set_left_out(conversation.left_out);
      CO_TRY(const std::optional<std::string> id,
             co_await store_.Import(call, request.owner(), project, std::move(conversation), request.dry_run()));
      if (!id) {
        response.set_already_there(response.already_there() + 1);
        continue;
      }
      response.set_imported(response.imported() + 1);
      if (!id->empty()) imported.set_id(*id);
      if (response.conversations_size() < kMostListed) *response.add_conversations() = std::move(imported);
    }
  }
  co_return response;
}

}  // namespace ftl::batch_runner
