#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/templates_service.pb.h"
#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

absl::Status TemplateNotFound();

// The columns of a template `x` in its version `v`, and the template in a row of them.
#define FTL_TEMPLATE_COLUMNS                                                                                 \
  "x.id::text AS id, x.name, x.description, v.content, v.defaults::text AS defaults, v.version, x.project, " \
  "x.created_at, v.created_at AS updated_at, x.version AS latest_version "
pb::PromptTemplate TemplateOf(const Row& row);

// SQL of templates and their versions. Every method works for one owner and meets nobody else's; ids may be any text.
class TemplateStore {
 public:
  explicit TemplateStore(Database& database) : database_(database) {}

  // The stored one, or the one that the same key and content made before. CONFLICT for a name that is taken,
  // IDEMPOTENCY_KEY_REUSED.
  Task<pb::PromptTemplate> Create(const CallContext& call, pb::CreateTemplateRequest request, Idempotency idempotency);

  // By name, those after `after_name`.
  struct Page {
    std::vector<pb::PromptTemplate> templates;
    int32_t total = 0;
    bool more = false;
  };
  Task<Page> List(const CallContext& call, std::string owner, std::string project, std::string after_name, int limit);

  // Of `version`, 0 for the newest; with the number of the newest. NOT_FOUND.
  struct Found {
    pb::PromptTemplate prompt_template;
    int32_t latest_version = 0;
  };
  Task<Found> Get(const CallContext& call, std::string owner, std::string id, int32_t version);
  // NOT_FOUND, CONFLICT.
  Task<pb::PromptTemplate> Update(const CallContext& call, pb::UpdateTemplateRequest request);
  // Whether there was one.
  Task<bool> Delete(const CallContext& call, std::string owner, std::string id);

 private:
  Database& database_;
};

}  // namespace ftl::batch_runner
