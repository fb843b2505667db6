#include "services/analytics/narrator/run_facts.h"

#include <vector>

#include <absl/strings/str_join.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/quantity.h"

namespace ftl::analytics {
namespace {

std::string MomentText(absl::Time moment) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", moment, absl::UTCTimeZone());
}

std::string RunCount(Telling& telling, double value, const std::string& link = "") {
  return telling.Figure({.value = value}, CountText(telling.language(), value), link);
}

std::string SpanFigure(Telling& telling, absl::Duration span) {
  const double milliseconds = absl::ToDoubleMilliseconds(span);
  return telling.Figure({.unit = Unit::kMilliseconds, .value = milliseconds},
                        DurationText(telling.language(), milliseconds));
}

std::string PaceText(Telling& telling, const RunFacts& run) {
  const absl::Duration span = *run.ended_at - *run.started_at;
  if (span <= absl::ZeroDuration()) return telling.Say("run.unknown");
  const double rate = run.results() / absl::ToDoubleSeconds(span);
  const Fact fact{.unit = Unit::kPerSecond, .value = rate};
  return telling.Say("run.requests_per_second",
                     {{"x", telling.Figure(fact, telling.language().Number(rate, 2))},
                      {"n", RunCount(telling, run.results()), static_cast<double>(run.results())},
                      {"span", SpanFigure(telling, span)}});
}

// By the names that they have in the contract.
std::string ParametersText(Telling& telling, const RunFacts& run) {
  const auto& set = run.parameters;
  std::vector<std::string> parts;
  auto add = [&](std::string_view name, double value) {
    telling.Know({.unit = Unit::kNumber, .value = value, .is_bound = true});
    parts.push_back(fmt::format("`{}` {}", name, telling.language().Number(value, 3)));
  };
  add("temperature", set.temperature());
  add("max_tokens", set.max_tokens());
  add("concurrency", set.concurrency());
  add("requests_per_minute", set.requests_per_minute());
  if (set.has_timeout()) add("timeout_ms", absl::ToDoubleMilliseconds(FromProto(set.timeout())));
  if (set.repeat() > 0) add("repeat", set.repeat());
  if (set.has_max_failures()) add("max_failures", set.max_failures());
  parts.push_back(fmt::format("`stream` {}", set.stream()));
  if (set.has_system_prompt()) parts.push_back(fmt::format("`system_prompt` {}", Quoted(set.system_prompt(), 80)));
  return telling.Say("run.parameters", {{"x", absl::StrJoin(parts, ", ")}});
}

std::string FactText(Telling& telling, const Finding& finding, const RunFacts& run, pb::RunFact fact) {
  switch (fact) {
    case pb::RUN_FACT_STARTED_AT:
      return run.started_at ? telling.Say("run.started_at", {{"x", MomentText(*run.started_at)}})
                            : telling.Say("run.not_started");
    case pb::RUN_FACT_ENDED_AT:
      return run.ended_at ? telling.Say("run.ended_at", {{"x", MomentText(*run.ended_at)}})
                          : telling.Say("run.not_over");
    case pb::RUN_FACT_DURATION:
      if (!run.ended_at || !run.started_at) return telling.Say("run.not_over");
      return telling.Say("run.duration", {{"x", SpanFigure(telling, *run.ended_at - *run.started_at)}});
    case pb::RUN_FACT_REQUESTS_PER_SECOND:
      if (!run.ended_at || !run.started_at) return telling.Say("run.not_over");
      return PaceText(telling, run);
    case pb::RUN_FACT_MODEL:
      return telling.Say("run.model", {{"x", Quoted(run.model, 100)}});
    case pb::RUN_FACT_ENDPOINT:
      return telling.Say("run.endpoint", {{"x", Quoted(run.endpoint, 100)}});
    case pb::RUN_FACT_SUITE:
      return telling.Say("run.suite", {{"x", Quoted(run.suite, 100)}});
    case pb::RUN_FACT_PARAMETERS:
      return ParametersText(telling, run);
    case pb::RUN_FACT_PROMPTS:
      return telling.Say("run.prompts",
                         {{"n", RunCount(telling, run.total_prompts), static_cast<double>(run.total_prompts)}});
    case pb::RUN_FACT_STATUS:
      return telling.Say("run.status." + run.status,
                         {{"k", RunCount(telling, run.results(), ResultsLink({run}).PathOrNothing())},
                          {"n", RunCount(telling, run.total_prompts), static_cast<double>(run.total_prompts)}});
    case pb::RUN_FACT_RUNS:
      return telling.Say("run.runs",
                         {{"n", RunCount(telling, finding.known_runs), static_cast<double>(finding.known_runs)}});
    default:
      return "";
  }
}

std::string StateText(Telling& telling, const RunFacts& run) {
  const std::string_view key = !run.is_over()              ? "state.running"
                               : run.status == "cancelled" ? "state.cancelled"
                                                           : "state.ended_early";
  const double k = run.results();
  const double n = run.total_prompts;
  telling.Know({.value = n - k, .of = n, .verdict = Verdict::kOther});
  const Fact fact{.value = k, .of = n};
  return telling.Say(
      key, {{"k", telling.Figure(fact, CountText(telling.language(), k), ResultsLink({run}).PathOrNothing()), k},
            {"n", RunCount(telling, n), n}});
}

}  // namespace

std::string TellRunFacts(Telling& telling, const Finding& finding) {
  std::vector<std::string> lines;
  for (const RunFacts& run : finding.runs) {
    std::vector<std::string> sentences;
    for (const int fact : finding.query.run_facts()) {
      std::string text = FactText(telling, finding, run, static_cast<pb::RunFact>(fact));
      if (!text.empty()) sentences.push_back(std::move(text));
    }
    std::string line = absl::StrJoin(sentences, " ");
    if (finding.runs.size() > 1) {
      line = "- " + telling.Say("state.of_run", {{"run", fmt::to_string(run.number)}, {"state", line}});
    }
    lines.push_back(std::move(line));
  }
  return absl::StrJoin(lines, "\n");
}

std::string TellState(Telling& telling, const Finding& finding) {
  std::string text;
  for (const RunFacts& run : finding.runs) {
    if (run.results() == run.total_prompts && run.is_over()) continue;
    const std::string state = StateText(telling, run);
    text += finding.runs.size() > 1
                ? telling.Say("state.of_run", {{"run", fmt::to_string(run.number)}, {"state", state}})
                : state;
    text += ' ';
  }
  return text;
}

}  // namespace ftl::analytics
