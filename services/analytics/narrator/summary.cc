#include "services/analytics/narrator/summary.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/listing.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"

namespace ftl::analytics {
namespace {

constexpr int64_t kEnoughForP95 = 20;

double Milliseconds(const google::protobuf::Duration& span) { return absl::ToDoubleMilliseconds(FromProto(span)); }

std::string RunLink(const Finding& finding, std::optional<bool> success = std::nullopt) {
  ResultsLink link(finding.runs);
  if (success) {
    pb::Filter filter;
    filter.set_field(pb::FILTER_FIELD_SUCCESS);
    filter.set_comparison(pb::COMPARISON_EQUAL);
    filter.set_text(*success ? "true" : "false");
    link.Where(filter);
  }
  return link.PathOrNothing();
}

std::string Count(Telling& telling, Verdict verdict, double k, double of, const std::string& link = "") {
  const Fact fact{.value = k, .of = of, .verdict = verdict};
  return telling.Figure(fact, CountText(telling.language(), k), link);
}

std::string Value(Telling& telling, const Finding& finding, pb::Measure measure, pb::Statistic statistic, double value,
                  double percentile = 0) {
  Fact fact = FactOf(measure, value);
  fact.statistic = statistic;
  fact.percentile = percentile;
  return telling.Figure(fact, QuantityText(telling.language(), measure, value), RunLink(finding, true));
}

std::string FailureTypes(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  std::vector<std::pair<std::string, int32_t>> errors(metrics.errors_by_type().begin(), metrics.errors_by_type().end());
  std::sort(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> parts;
  for (const auto& [type, count] : errors) {
    const Verdict verdict = type == "timeout" ? Verdict::kTimeout : Verdict::kFailure;
    const std::string name = Quoted(Spoken(type), 30);
    telling.Know({.value = static_cast<double>(count), .verdict = verdict, .group = name});
    parts.push_back(telling.Say("summary.type", {{"k", CountText(telling.language(), count)}, {"type", name}}));
  }
  return telling.language().And(parts);
}

// Failures before answers without text before wrong answers before cut ones before slow ones.
std::string MostWorthALook(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  const double results = metrics.completed_prompts() + metrics.failed_prompts();
  if (const double k = metrics.failed_prompts(); k > 0) {
    return telling.Say("summary.failed",
                       {{"k", Count(telling, Verdict::kFailure, k, results, RunLink(finding, false)), k},
                        {"types", FailureTypes(telling, finding)}});
  }
  if (const auto k = static_cast<double>(finding.answers_without_text); k > 0) {
    return telling.Say("summary.empty", {{"k", Count(telling, Verdict::kWithoutText, k, results), k}});
  }
  if (const double k = metrics.checks_failed(); k > 0) {
    const double n = k + metrics.checks_passed();
    return telling.Say("summary.checks", {{"k", Count(telling, Verdict::kChecksFailed, k, n), k},
                                          {"n", CountText(telling.language(), n), n}});
  }
  if (const auto k = static_cast<double>(finding.cut_answers); k > 0) {
    return telling.Say("summary.cut", {{"k", Count(telling, Verdict::kCut, k, results), k}});
  }
  if (finding.slowest && finding.slowest->latency_ms) {
    Fact fact = FactOf(pb::MEASURE_LATENCY, *finding.slowest->latency_ms);
    fact.prompt = finding.slowest->prompt_id;
    fact.rank = 1;
    return telling.Say("summary.slowest",
                       {{"prompt", PromptFigure(telling, finding, *finding.slowest)},
                        {"x", telling.Figure(fact, DurationText(telling.language(), *finding.slowest->latency_ms))}});
  }
  return "";
}

std::string TellSpeed(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  if (!metrics.has_avg_latency()) return "";
  std::string text = " " + telling.Say("summary.latency",
                                       {{"mean", Value(telling, finding, pb::MEASURE_LATENCY, pb::STATISTIC_MEAN,
                                                       Milliseconds(metrics.avg_latency()))},
                                        {"p95", Value(telling, finding, pb::MEASURE_LATENCY, pb::STATISTIC_PERCENTILE,
                                                      Milliseconds(metrics.p95_latency()), 95)}});
  if (metrics.completed_prompts() < kEnoughForP95) {
    const double n = metrics.completed_prompts();
    text += " " + telling.Say("caution.percentile", {{"n", CountText(telling.language(), n), n},
                                                     {"needed", CountText(telling.language(), kEnoughForP95)}});
  }
  return text;
}

std::string TellLength(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  if (!metrics.has_avg_output_tokens() && !metrics.has_avg_response_length()) return "";
  const bool tokens = metrics.has_avg_output_tokens();
  const std::string x = Value(telling, finding, tokens ? pb::MEASURE_OUTPUT_TOKENS : pb::MEASURE_RESPONSE_CHARACTERS,
                              pb::STATISTIC_MEAN, tokens ? metrics.avg_output_tokens() : metrics.avg_response_length());
  std::string text = " " + telling.Say("summary.tokens", {{"x", x}});
  if (tokens && metrics.tokens_estimated()) text += " " + telling.Say("estimated");
  return text;
}

}  // namespace

std::string TellVerdict(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  const double k = metrics.completed_prompts();
  const double n = metrics.total_prompts();
  const double results = k + metrics.failed_prompts();
  Fact share{.unit = Unit::kPerCent,
             .value = metrics.success_rate(),
             .measure = pb::MEASURE_SUCCESS,
             .of = results,
             .verdict = Verdict::kSuccess};
  // While it goes on, the rate is of fewer than there are.
  const bool is_over = std::all_of(finding.runs.begin(), finding.runs.end(), std::mem_fn(&RunFacts::is_over));
  const double of = is_over ? n : results;
  std::string text = telling.Say(
      is_over ? "summary.completed" : "summary.so_far",
      {{"k", Count(telling, Verdict::kSuccess, k, of, RunLink(finding, true))},
       {"n", Count(telling, Verdict::kNone, of, of), of},
       {"share",
        telling.Figure(share, ShareText(telling.language(), metrics.success_rate() / 100), RunLink(finding))}});
  text += TellSpeed(telling, finding) + TellLength(telling, finding);
  if (const auto empty = static_cast<double>(finding.answers_without_text); empty > 0 && metrics.failed_prompts() > 0) {
    text += " " +
            telling.Say("summary.without_text", {{"k", Count(telling, Verdict::kWithoutText, empty, results), empty}});
  }
  if (const std::string look = MostWorthALook(telling, finding); !look.empty()) {
    text += "\n\n" + telling.Say("summary.look", {{"what", look}});
  }
  return text;
}

std::string TellSummary(Telling& telling, const Finding& finding) {
  const pb::Metrics& metrics = *finding.metrics;
  if (metrics.completed_prompts() + metrics.failed_prompts() == 0) return telling.Say("summary.no_results");
  return TellVerdict(telling, finding) + "\n\n" + telling.Say("summary.ask");
}

void KnowMetrics(Telling& telling, const pb::Metrics& metrics) {
  const double k = metrics.completed_prompts();
  const double failed = metrics.failed_prompts();
  const double results = k + failed;
  telling.Know({.value = static_cast<double>(metrics.total_prompts())});
  telling.Know({.value = results, .of = static_cast<double>(metrics.total_prompts())});
  for (const double of : {results, static_cast<double>(metrics.total_prompts())}) {
    telling.Know({.value = k, .of = of, .verdict = Verdict::kSuccess});
    telling.Know({.value = failed, .of = of, .verdict = Verdict::kFailure});
  }
  if (metrics.has_success_rate()) {
    telling.Know(
        {.unit = Unit::kPerCent, .value = metrics.success_rate(), .of = results, .verdict = Verdict::kSuccess});
    telling.Know(
        {.unit = Unit::kPerCent, .value = 100 - metrics.success_rate(), .of = results, .verdict = Verdict::kFailure});
  }
  auto know = [&](bool has, const google::protobuf::Duration& span, pb::Measure measure, pb::Statistic statistic,
                  double percentile = 0) {
    if (!has) return;
    Fact fact = FactOf(measure, Milliseconds(span));
    fact.statistic = statistic;
    fact.percentile = percentile;
    telling.Know(std::move(fact));
  };
  know(metrics.has_avg_latency(), metrics.avg_latency(), pb::MEASURE_LATENCY, pb::STATISTIC_MEAN);
  know(metrics.has_p95_latency(), metrics.p95_latency(), pb::MEASURE_LATENCY, pb::STATISTIC_PERCENTILE, 95);
  auto tokens = [&](pb::Measure measure, int64_t value) {
    telling.Know({.unit = Unit::kTokens,
                  .value = static_cast<double>(value),
                  .measure = measure,
                  .statistic = pb::STATISTIC_SUM});
  };
  tokens(pb::MEASURE_TOTAL_TOKENS, metrics.total_input_tokens() + metrics.total_output_tokens());
}

}  // namespace ftl::analytics
