#include "services/export/store/run_row.h"

#include <optional>
#include <string>

#include <google/protobuf/util/json_util.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl::exporter {

namespace runner = finetunelab::batch_runner::v1;

runner::Run RunOf(const Row& row) {
  runner::Run run;
  run.set_id(row.Get<std::string>("id"));
  run.set_status(EnumOf<runner::RunStatus>(row.Get<std::string_view>("status")));
  run.set_model_name(row.Get<std::string>("model_name"));
  run.set_test_suite_id(row.Get<std::string>("test_suite_id"));
  run.set_test_suite_name(row.Get<std::string>("test_suite_name"));
  run.set_total_prompts(row.Get<int32_t>("total_prompts"));
  run.set_completed_prompts(row.Get<int32_t>("completed_prompts"));
  run.set_failed_prompts(row.Get<int32_t>("failed_prompts"));
  const double done = run.completed_prompts() + run.failed_prompts();
  run.set_progress(run.total_prompts() == 0 ? 1 : done / run.total_prompts());
  if (const auto moment = row.Get<std::optional<absl::Time>>("started_at"))
    *run.mutable_started_at() = ToProto(*moment);
  if (const auto moment = row.Get<std::optional<absl::Time>>("completed_at")) {
    *run.mutable_completed_at() = ToProto(*moment);
  }
  if (auto error = row.Get<std::optional<std::string>>("error")) run.set_error(*std::move(error));
  if (const auto type = row.Get<std::optional<std::string_view>>("error_type")) {
    run.set_error_type(EnumOf<finetunelab::endpoint::v1::ErrorType>(*type));
  }
  run.set_last_sequence(row.Get<int64_t>("last_sequence"));
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("config"), run.mutable_parameters(), lenient);
  return run;
}

}  // namespace ftl::exporter
