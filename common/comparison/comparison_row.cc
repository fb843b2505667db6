#include "common/comparison/comparison_row.h"

#include <optional>

#include <google/protobuf/util/json_util.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl {

namespace pb = finetunelab::batch_runner::v1;

pb::Comparison ComparisonOf(const Row& row) {
  pb::Comparison comparison;
  (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("asked"), &comparison);
  comparison.set_id(row.Get<std::string>("id"));
  comparison.set_project(row.Get<std::string>("project"));
  *comparison.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  if (const auto completed_at = row.Get<std::optional<absl::Time>>("completed_at")) {
    *comparison.mutable_completed_at() = ToProto(*completed_at);
  }
  comparison.set_status(EnumOf<pb::ComparisonStatus>(row.Get<std::string>("status")));
  comparison.set_blind(row.Get<bool>("blind"));
  comparison.set_columns(row.Get<int32_t>("columns"));
  comparison.set_prompt_preview(row.Get<std::string>("prompt_preview"));
  if (const auto marked = row.Get<std::optional<int32_t>>("marked")) {
    pb::ComparisonMark& mark = *comparison.mutable_mark();
    *marked < 0 ? mark.set_tie(true) : mark.set_index(*marked);
    *mark.mutable_marked_at() = ToProto(row.Get<absl::Time>("marked_at"));
  }
  return comparison;
}

pb::ComparedAnswer ComparedAnswerOf(const Row& row, bool is_running) {
  pb::ComparedAnswer answer;
  (void)google::protobuf::util::JsonStringToMessage(row.Get<std::string>("answer"), &answer);
  answer.set_index(row.Get<int32_t>("column_index"));
  answer.set_repetition(row.Get<int32_t>("repetition"));
  if (answer.status() == pb::MESSAGE_STATUS_UNSPECIFIED) answer.set_status(pb::MESSAGE_STATUS_GENERATING);
  if (!is_running && answer.status() == pb::MESSAGE_STATUS_GENERATING) {
    answer.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
    answer.set_error("The program that received this answer ended before it. What had come is kept.");
    answer.set_error_type(finetunelab::endpoint::v1::ERROR_TYPE_UNKNOWN);
  }
  return answer;
}

std::string StoredJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace ftl
