#include "common/result/result_filter.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/strings/str_join.h>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/proto/enum_word.h"

namespace ftl {
namespace {

namespace pb = finetunelab::analytics::v1;
using google::protobuf::util::TimeUtil;

constexpr size_t kLongestKeyword = 256;
constexpr int kMostPrompts = 100'000;
constexpr int kPromptsNamed = 20;

class Conditions {
 public:
  explicit Conditions(Params& params) : params_(params) {}

  // `{}` stands for the value's place.
  template <typename Value>
  void Add(std::string_view condition, const Value& value) {
    params_.Add(value);
    Add(fmt::format(fmt::runtime(condition), fmt::format("${}", params_.values().size())));
  }
  void Add(std::string_view condition) { text_ += fmt::format(" AND {}", condition); }
  std::string text() && { return std::move(text_); }

 private:
  Params& params_;
  std::string text_;
};

std::string Milliseconds(const google::protobuf::Duration& span) {
  return fmt::format("{:g}", static_cast<double>(TimeUtil::DurationToMicroseconds(span)) / 1000);
}

std::string PromptsText(const pb::ListResultsRequest& request) {
  std::vector<int32_t> named(request.prompt_id().begin(),
                             request.prompt_id().begin() + std::min(request.prompt_id_size(), kPromptsNamed));
  std::string text = "prompt_id=" + absl::StrJoin(named, ",");
  if (request.prompt_id_size() > kPromptsNamed) text += fmt::format(",… ({} in all)", request.prompt_id_size());
  return text;
}

}  // namespace

bool HasResultFilter(const pb::ListResultsRequest& request) {
  return request.has_success() || request.has_error_type() || request.has_category() || request.has_min_latency() ||
         request.has_max_latency() || request.has_min_output_tokens() || request.has_max_output_tokens() ||
         request.has_outcome() || request.has_keyword() || request.has_checks() || request.prompt_id_size() > 0;
}

absl::Status JudgeResultFilter(const pb::ListResultsRequest& request) {
  FieldFaults faults;
  if (request.has_keyword() && request.keyword().empty()) faults.Add("keyword", "is missing");
  if (request.keyword().size() > kLongestKeyword) faults.Add("keyword", "must not be longer than 256 bytes");
  if (!pb::ChecksVerdict_IsValid(request.checks())) faults.Add("checks", "must be passed or failed");
  if (request.prompt_id_size() > kMostPrompts) faults.Add("prompt_id", "must not name more than 100,000 prompts");
  return faults.Verdict();
}

std::string ResultFilterSql(const pb::ListResultsRequest& request, Params& params) {
  Conditions conditions(params);
  if (request.has_success()) conditions.Add("r.success = {}", request.success());
  if (request.has_error_type()) conditions.Add("r.error_type = {}", request.error_type());
  if (request.has_category()) conditions.Add("r.category = {}", request.category());
  if (request.has_min_latency()) {
    conditions.Add("r.latency_us >= {}::bigint", TimeUtil::DurationToMicroseconds(request.min_latency()));
  }
  if (request.has_max_latency()) {
    conditions.Add("r.latency_us <= {}::bigint", TimeUtil::DurationToMicroseconds(request.max_latency()));
  }
  if (request.has_min_output_tokens()) conditions.Add("r.output_tokens >= {}", request.min_output_tokens());
  if (request.has_max_output_tokens()) conditions.Add("r.output_tokens <= {}", request.max_output_tokens());
  if (request.has_outcome()) conditions.Add("r.outcome = ANY(string_to_array({}, ','))", request.outcome());
  if (request.has_keyword()) {
    conditions.Add(
        "(r.prompt || E'\\001' || coalesce(r.response, '')) ILIKE '%' || regexp_replace({}, "
        "'([\\\\%_])', '\\\\\\1', 'g') || '%'",
        request.keyword());
  }
  if (request.checks() == pb::CHECKS_VERDICT_PASSED) conditions.Add("r.checks_passed > 0 AND r.checks_failed = 0");
  if (request.checks() == pb::CHECKS_VERDICT_FAILED) conditions.Add("r.checks_failed > 0");
  if (request.prompt_id_size() > 0) {
    conditions.Add("r.prompt_id = ANY(string_to_array({}, ',')::int[])", absl::StrJoin(request.prompt_id(), ","));
  }
  return std::move(conditions).text();
}

std::string ResultFilterText(const pb::ListResultsRequest& request) {
  std::vector<std::string> parts;
  const auto add = [&](bool has, std::string_view name, const std::string& value) {
    if (has) parts.push_back(fmt::format("{}={}", name, value));
  };
  add(request.has_success(), "success", request.success() ? "true" : "false");
  add(request.has_error_type(), "error_type", request.error_type());
  add(request.has_category(), "category", request.category());
  add(request.has_min_latency(), "min_latency_ms", Milliseconds(request.min_latency()));
  add(request.has_max_latency(), "max_latency_ms", Milliseconds(request.max_latency()));
  add(request.has_min_output_tokens(), "min_output_tokens", fmt::to_string(request.min_output_tokens()));
  add(request.has_max_output_tokens(), "max_output_tokens", fmt::to_string(request.max_output_tokens()));
  add(request.has_outcome(), "outcome", request.outcome());
  add(request.has_keyword(), "keyword", request.keyword());
  add(request.has_checks(), "checks", EnumWord(request.checks()));
  if (request.prompt_id_size() > 0) parts.push_back(PromptsText(request));
  return absl::StrJoin(parts, ", ");
}

}  // namespace ftl
