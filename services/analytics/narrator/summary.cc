#include "services/analytics/narrator/summary.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/narrator/wording.h"

namespace ftl::analytics {
namespace {

double Milliseconds(const google::protobuf::Duration& span) { return absl::ToDoubleMilliseconds(FromProto(span)); }

// What most deserves a look: failures before wrong answers before cut ones before slow ones.
std::string MostWorthALook(const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  if (metrics.failed_prompts() > 0) {
    std::vector<std::pair<std::string, int32_t>> errors(metrics.errors_by_type().begin(),
                                                        metrics.errors_by_type().end());
    std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    std::vector<std::string> parts;
    for (auto& [type, count] : errors) {
      std::replace(type.begin(), type.end(), '_', ' ');
      parts.push_back(fmt::format("{} {}", CountText(count), Quoted(type, 30)));
    }
    return fmt::format("{} {} failed ({}).", CountText(metrics.failed_prompts()),
                       Plural(metrics.failed_prompts(), "prompt"), Listed(parts));
  }
  if (metrics.checks_failed() > 0) {
    return fmt::format("{} of {} checks failed.", CountText(metrics.checks_failed()),
                       CountText(metrics.checks_failed() + metrics.checks_passed()));
  }
  if (finding.cut_answers > 0) {
    return fmt::format("{} {} cut off by the token limit.", CountText(finding.cut_answers),
                       finding.cut_answers == 1 ? "response was" : "responses were");
  }
  if (finding.slowest && finding.slowest->latency_ms) {
    return fmt::format("the slowest prompt was {} ({}).", PromptText(*finding.slowest),
                       DurationText(*finding.slowest->latency_ms));
  }
  return "";
}

}  // namespace

std::string TellVerdict(const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  std::string text = fmt::format("**{} of {}** {} completed", CountText(metrics.completed_prompts()),
                                 CountText(metrics.total_prompts()), Plural(metrics.total_prompts(), "prompt"));
  if (metrics.failed_prompts() > 0)
    text += fmt::format(", a success rate of {} %", NumberText(metrics.success_rate(), 1));
  text += ".";
  if (metrics.has_avg_latency()) {
    text += fmt::format(" The average latency is **{}**, the 95th percentile **{}**",
                        DurationText(Milliseconds(metrics.avg_latency())),
                        DurationText(Milliseconds(metrics.p95_latency())));
    if (metrics.has_avg_output_tokens()) {
      text += fmt::format("; responses have **{} tokens** on average{}", NumberText(metrics.avg_output_tokens(), 1),
                          metrics.tokens_estimated() ? " (estimated, as the endpoint did not count them all)" : "");
    } else if (metrics.has_avg_response_length()) {
      text +=
          fmt::format("; responses have **{} characters** on average", NumberText(metrics.avg_response_length(), 1));
    }
    text += ".";
    if (metrics.completed_prompts() < 20)
      text += fmt::format(" With {} successful {}, the 95th percentile is only a hint.",
                          CountText(metrics.completed_prompts()), Plural(metrics.completed_prompts(), "call"));
  }
  if (const std::string look = MostWorthALook(finding); !look.empty()) text += "\n\nMost worth a look: " + look;
  return text;
}

std::string TellSummary(const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  if (metrics.completed_prompts() + metrics.failed_prompts() == 0) {
    return "There are no results yet. Ask me again in a moment.";
  }
  return TellVerdict(finding) + "\n\nWhat would you like to know?";
}

}  // namespace ftl::analytics
