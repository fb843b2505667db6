#include "services/analytics/narrator/suggestions.h"

namespace ftl::analytics {
namespace {

constexpr size_t kMost = 8;

}  // namespace

std::vector<std::string> Suggestions(const Language& language, const Finding& summary, size_t categories, size_t runs) {
  const pb::Metrics& metrics = *summary.metrics;
  const auto timeouts = metrics.errors_by_type().find("timeout");
  const struct {
    bool fits;
    std::string_view key;
  } known[] = {
      {metrics.failed_prompts() > 0, "ask.failed"},
      {metrics.errors_by_type_size() > 1, "ask.errors"},
      {timeouts != metrics.errors_by_type().end() && timeouts->second > 0, "ask.timeout"},
      {metrics.checks_failed() > 0, "ask.checks"},
      {summary.cut_answers > 0, "ask.cut"},
      {metrics.has_avg_latency(), "ask.latency"},
      {metrics.completed_prompts() > 1, "ask.slowest"},
      {runs > 1, "ask.runs"},
      {categories > 1, "ask.categories"},
      {metrics.has_p95_latency(), "ask.p95"},
      {metrics.has_avg_ttft(), "ask.ttft"},
      {metrics.completed_prompts() > 4, "ask.distribution"},
      {metrics.total_output_tokens() > 0, "ask.tokens"},
      {metrics.has_avg_response_length(), "ask.length"},
      {true, "ask.export"},
  };
  std::vector<std::string> questions;
  for (const auto& [fits, key] : known) {
    if (fits && questions.size() < kMost) questions.push_back(language.Say(key));
  }
  return questions;
}

}  // namespace ftl::analytics
