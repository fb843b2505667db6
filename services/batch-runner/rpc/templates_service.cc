#include "services/batch-runner/rpc/templates_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/error/try.h"
#include "common/proto/copy_fields.h"
#include "common/rpc/paging.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/template_text.h"
#include "services/batch-runner/rpc/idempotency_of.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kTemplateBytes = 64 * 1024;
constexpr size_t kMostVariables = 100;

void JudgeContent(const std::string& content, FieldFaults& faults) {
  JudgeLength("content", content, 1, kTemplateBytes, faults);
  if (VariablesIn(content).size() > kMostVariables) {
    faults.Add("content", fmt::format("must have at most {} variables", kMostVariables));
  }
}

template <typename Request>
void JudgeDefaults(const Request& request, const std::string& content, FieldFaults& faults) {
  const std::vector<std::string> names = VariablesIn(content);
  for (const auto& [name, value] : request.defaults()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      faults.Add("defaults." + name, "is no variable of the text");
    }
  }
}

}  // namespace

Task<pb::CreateTemplateResponse> TemplatesService::CreateTemplate(const CallContext& call,
                                                                  const pb::CreateTemplateRequest& request) {
  FieldFaults faults;
  JudgeLength("name", request.name(), 1, kNameBytes, faults);
  JudgeLength("description", request.description(), 0, kDescriptionBytes, faults);
  JudgeContent(request.content(), faults);
  JudgeDefaults(request, request.content(), faults);
  if (request.has_project()) JudgeProject(request.project(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::PromptTemplate made, co_await store_.Create(call, request, IdempotencyOf(request)));
  pb::CreateTemplateResponse response;
  CopyFields(made, response);
  co_return response;
}

Task<pb::ListTemplatesResponse> TemplatesService::ListTemplates(const CallContext& call,
                                                                const pb::ListTemplatesRequest& request) {
  CO_TRY(const int page_size, PageSize(request.page_size()));
  const std::string project = request.has_project() ? request.project() : std::string(kDefaultProject);
  const std::string list = "templates " + request.owner() + " " + project;
  CO_TRY(const std::string after, PagePosition(list, request.page_token()));
  CO_TRY(auto page, co_await store_.List(call, request.owner(), project, after, page_size));
  pb::ListTemplatesResponse response;
  response.set_total(page.total);
  for (pb::PromptTemplate& each : page.templates) *response.add_templates() = std::move(each);
  if (page.more) {
    response.set_next_page_token(PageToken(list, response.templates(response.templates_size() - 1).name()));
  }
  co_return response;
}

Task<pb::GetTemplateResponse> TemplatesService::GetTemplate(const CallContext& call,
                                                            const pb::GetTemplateRequest& request) {
  if (request.has_version() && request.version() < 1) co_return TemplateNotFound();
  CO_TRY(const auto found, co_await store_.Get(call, request.owner(), request.id(), request.version()));
  pb::GetTemplateResponse response;
  CopyFields(found.prompt_template, response);
  response.set_latest_version(found.latest_version);
  co_return response;
}

Task<pb::UpdateTemplateResponse> TemplatesService::UpdateTemplate(const CallContext& call,
                                                                  const pb::UpdateTemplateRequest& request) {
  FieldFaults faults;
  if (request.has_name()) JudgeLength("name", request.name(), 1, kNameBytes, faults);
  JudgeLength("description", request.description(), 0, kDescriptionBytes, faults);
  if (request.has_content()) JudgeContent(request.content(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const auto now, co_await store_.Get(call, request.owner(), request.id(), /*version=*/0));
  JudgeDefaults(request, request.has_content() ? request.content() : now.prompt_template.content(), faults);
  CO_TRY(faults.Verdict());
  CO_TRY(const pb::PromptTemplate changed, co_await store_.Update(call, request));
  pb::UpdateTemplateResponse response;
  CopyFields(changed, response);
  co_return response;
}

Task<pb::DeleteTemplateResponse> TemplatesService::DeleteTemplate(const CallContext& call,
                                                                  const pb::DeleteTemplateRequest& request) {
  pb::DeleteTemplateResponse response;
  CO_TRY(const bool deleted, co_await store_.Delete(call, request.owner(), request.id()));
  response.set_deleted(deleted);
  co_return response;
}

}  // namespace ftl::batch_runner
