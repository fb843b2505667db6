#include "services/batch-runner/store/run_row.h"

#include <absl/strings/numbers.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include "common/json/message_plan.h"

namespace ftl::batch_runner {
namespace {

using google::protobuf::util::TimeUtil;

template <typename Enum>
std::optional<std::string> Word(Enum value) {
  const auto* described = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  const std::string word(described ? WordOf(*described) : "");
  return word.empty() ? std::nullopt : std::optional(word);
}

template <typename Enum>
Enum FromWord(std::string_view word) {
  const auto* described = ValueOf(*google::protobuf::GetEnumDescriptor<Enum>(), word);
  return static_cast<Enum>(described ? described->number() : 0);
}

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

}  // namespace

pb::Run RunOf(const Row& row) {
  pb::Run run;
  run.set_id(row.Get<std::string>("id"));
  run.set_status(StatusOfWord(row.Get<std::string_view>("status")));
  run.set_model_name(row.Get<std::string>("model_name"));
  run.set_test_suite_id(row.Get<std::string>("test_suite_id"));
  run.set_test_suite_name(row.Get<std::string>("test_suite_name"));
  run.set_total_prompts(row.Get<int32_t>("total_prompts"));
  run.set_completed_prompts(row.Get<int32_t>("completed_prompts"));
  run.set_failed_prompts(row.Get<int32_t>("failed_prompts"));
  const int32_t done = run.completed_prompts() + run.failed_prompts();
  run.set_progress(run.total_prompts() == 0 ? 1.0 : static_cast<double>(done) / run.total_prompts());
  if (const auto started = row.Get<std::optional<absl::Time>>("started_at"))
    *run.mutable_started_at() = TimestampOf(*started);
  if (const auto ended = row.Get<std::optional<absl::Time>>("completed_at"))
    *run.mutable_completed_at() = TimestampOf(*ended);
  if (auto error = row.Get<std::optional<std::string>>("error")) run.set_error(*std::move(error));
  if (const auto type = row.Get<std::optional<std::string_view>>("error_type")) {
    run.set_error_type(FromWord<finetunelab::endpoint::v1::ErrorType>(*type));
  }
  run.set_last_sequence(row.Get<int64_t>("last_sequence"));
  if (!HasEnded(run.status())) {
    if (row.Get<std::optional<bool>>("is_paused").value_or(false)) {
      *run.mutable_paused_until() = TimestampOf(row.Get<absl::Time>("paused_until"));
    }
    const auto running_seconds = row.Get<std::optional<double>>("running_seconds");
    if (running_seconds && done > 0) {
      const double left = *running_seconds / done * (run.total_prompts() - done);
      *run.mutable_eta() = TimeUtil::MillisecondsToDuration(static_cast<int64_t>(left * 1000));
    }
    for (const std::string& text : row.Get<std::vector<std::string>>("running_prompt_ids")) {
      int32_t id = 0;
      if (absl::SimpleAtoi(text, &id)) run.add_running_prompt_ids(id);
    }
  }
  (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("config"), run.mutable_parameters());
  return run;
}

std::string ParametersToJson(const pb::RunParameters& parameters) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(parameters, &json, options);
  return json;
}

bool HasEnded(pb::RunStatus status) {
  return status == pb::RUN_STATUS_COMPLETED || status == pb::RUN_STATUS_FAILED || status == pb::RUN_STATUS_CANCELLED;
}

std::string StatusWord(pb::RunStatus status) { return Word(status).value_or(""); }
pb::RunStatus StatusOfWord(std::string_view word) { return FromWord<pb::RunStatus>(word); }
std::optional<std::string> DifficultyWord(pb::Difficulty difficulty) { return Word(difficulty); }
std::optional<std::string> ErrorTypeWord(finetunelab::endpoint::v1::ErrorType type) { return Word(type); }
std::optional<std::string> OutcomeWord(finetunelab::endpoint::v1::Outcome outcome) { return Word(outcome); }

}  // namespace ftl::batch_runner
