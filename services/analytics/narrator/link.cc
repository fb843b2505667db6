#include "services/analytics/narrator/link.h"

#include <cmath>

#include <fmt/format.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"

namespace ftl::analytics {
namespace {

constexpr std::string_view kRoute = "/api/demo/v2/analytics/results";
constexpr size_t kMostPrompts = 100;

std::string Encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// With up to three decimals, as the contract has durations.
std::string Plain(double number) {
  std::string text = fmt::format("{:.3f}", number);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// Whether the route takes this filter.
bool IsFilter(const std::string& name) {
  return pb::ListResultsRequest::descriptor()->FindFieldByName(name) != nullptr;
}

}  // namespace

ResultsLink::ResultsLink(const std::vector<RunFacts>& runs) : path_(kRoute) {
  if (runs.size() == 1) Add("test_run_id", runs.front().id);
}

void ResultsLink::Add(std::string_view name, std::string_view value) {
  path_ += path_.find('?') == std::string::npos ? '?' : '&';
  path_ += fmt::format("{}={}", name, Encoded(value));
}

// The route's bounds are inclusive; `step` is the least difference of two values.
void ResultsLink::AddBound(const pb::Filter& filter, std::string_view name, double step) {
  if (filter.has_than()) return Nothing();
  const double number = filter.number();
  switch (filter.comparison()) {
    case pb::COMPARISON_LESS:
      return Add(fmt::format("max_{}", name), Plain(number - step));
    case pb::COMPARISON_LESS_OR_EQUAL:
      return Add(fmt::format("max_{}", name), Plain(number));
    case pb::COMPARISON_GREATER:
      return Add(fmt::format("min_{}", name), Plain(number + step));
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return Add(fmt::format("min_{}", name), Plain(number));
    case pb::COMPARISON_BETWEEN:
      Add(fmt::format("min_{}", name), Plain(number));
      return Add(fmt::format("max_{}", name), Plain(filter.number_to()));
    case pb::COMPARISON_EQUAL:
      Add(fmt::format("min_{}", name), Plain(number));
      return Add(fmt::format("max_{}", name), Plain(number));
    default:
      return Nothing();
  }
}

void ResultsLink::Where(const pb::Filter& filter) {
  if (filter.has_in_run()) return Nothing();
  const bool equal = filter.any_of().empty() && filter.texts().empty() && filter.comparison() == pb::COMPARISON_EQUAL;
  switch (filter.field()) {
    case pb::FILTER_FIELD_RUN:
      return;
    case pb::FILTER_FIELD_SUCCESS:
      has_success_ = true;
      return equal ? Add("success", filter.text()) : Nothing();
    case pb::FILTER_FIELD_ERROR_TYPE:
      has_success_ = true;
      return equal ? Add("error_type", filter.text()) : Nothing();
    case pb::FILTER_FIELD_CATEGORY:
      return equal ? Add("category", filter.text()) : Nothing();
    case pb::FILTER_FIELD_LATENCY:
      if (!filter.any_of().empty()) return Nothing();
      if (!has_success_) OnlySuccesses();
      return AddBound(filter, "latency_ms", 0.001);
    case pb::FILTER_FIELD_OUTPUT_TOKENS:
      if (!filter.any_of().empty()) return Nothing();
      if (!has_success_) OnlySuccesses();
      return AddBound(filter, "output_tokens", 1);
    case pb::FILTER_FIELD_OUTCOME:
      return equal && IsFilter("outcome") ? Add("outcome", filter.text()) : Nothing();
    case pb::FILTER_FIELD_PROMPT_ID: {
      if (!filter.any_of().empty()) return Nothing();
      if (filter.comparison() == pb::COMPARISON_EQUAL) return Only({static_cast<int32_t>(filter.number())});
      if (filter.comparison() != pb::COMPARISON_IN) return Nothing();
      return Only(std::vector<int32_t>(filter.numbers().begin(), filter.numbers().end()));
    }
    default:
      return Nothing();
  }
}

void ResultsLink::Where(const pb::Query& query) {
  if (query.slices_size() > 0) Nothing();
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) {
      if (filter.has_in_run()) continue;
      if (filter.field() == pb::FILTER_FIELD_ERROR_TYPE || filter.field() == pb::FILTER_FIELD_SUCCESS) {
        has_success_ = true;
      }
    }
  }
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) Where(filter);
  }
}

void ResultsLink::OnlySuccesses() {
  if (has_success_) return;
  has_success_ = true;
  Add("success", "true");
}

void ResultsLink::Only(const std::vector<int32_t>& prompt_ids) {
  if (prompt_ids.empty() || prompt_ids.size() > kMostPrompts || !IsFilter("prompt_id")) return Nothing();
  for (const int32_t id : prompt_ids) Add("prompt_id", fmt::to_string(id));
}

std::optional<std::string> ResultsLink::Path() const {
  if (!known_) return std::nullopt;
  return path_;
}

std::string PromptLink(const Finding& finding, const FoundResult& result) {
  for (const RunFacts& run : finding.runs) {
    if (run.number != result.run) continue;
    ResultsLink link({run});
    link.Only({result.prompt_id});
    return link.PathOrNothing();
  }
  return "";
}

}  // namespace ftl::analytics
