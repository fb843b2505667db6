#include "services/analytics/narrator/listing.h"

#include <algorithm>
#include <vector>

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/population.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

constexpr int64_t kNamed = 5;  // results named in a list
constexpr size_t kLongestResponse = 400;
constexpr size_t kLongestWhole = 20'000;

// A value of one result. `rank`: its place in a ranking.
std::string ResultValue(Telling& telling, pb::Measure measure, const FoundResult& result, double value, int rank = 0) {
  Fact fact = FactOf(measure, value);
  fact.prompt = result.prompt_id;
  fact.rank = rank;
  return telling.Figure(std::move(fact), QuantityText(telling.language(), measure, value));
}

std::string ErrorWords(const FoundResult& result) { return Quoted(Spoken(result.error_type.value_or("unknown")), 40); }

// What stands in brackets behind a prompt: what was asked for.
std::string Detail(Telling& telling, const pb::Query& query, const FoundResult& result, int rank) {
  if (!result.success) return ErrorWords(result);
  std::vector<std::string> parts;
  if (query.measure() == pb::MEASURE_RESPONSE_LENGTH) {
    if (result.output_tokens) {
      parts.push_back(ResultValue(telling, pb::MEASURE_OUTPUT_TOKENS, result, *result.output_tokens, rank));
    }
    if (result.characters) {
      parts.push_back(ResultValue(telling, pb::MEASURE_RESPONSE_CHARACTERS, result, *result.characters, rank));
    }
  } else if (query.measure() != pb::MEASURE_RESULTS && result.value) {
    parts.push_back(ResultValue(telling, query.measure(), result, *result.value, rank));
  } else if (result.same_as && *result.same_as != result.prompt_id) {
    parts.push_back(telling.Say("list.same_as", {{"number", fmt::to_string(*result.same_as)}}));
  } else if (result.latency_ms) {
    parts.push_back(ResultValue(telling, pb::MEASURE_LATENCY, result, *result.latency_ms));
  }
  return absl::StrJoin(parts, ", ");
}

std::string Named(Telling& telling, const Finding& finding, const FoundResult& result, int rank = 0) {
  const std::string detail = Detail(telling, finding.query, result, rank);
  std::string text = PromptFigure(telling, finding, result);
  if (finding.runs.size() > 1) {
    text = telling.Say("list.of_run", {{"prompt", text}, {"run", fmt::to_string(result.run)}});
  }
  return detail.empty() ? text : telling.Say("list.item", {{"prompt", text}, {"detail", detail}});
}

std::string TotalText(Telling& telling, const Finding& finding) {
  pb::Figure figure;
  figure.set_measure(finding.query.measure());
  figure.set_statistic(pb::STATISTIC_LIST);
  const bool successes = IsOfSuccesses(finding.query, figure);
  const auto n = static_cast<double>(finding.total);
  const Fact fact{.value = n, .verdict = VerdictOf(finding.query)};
  const std::string number = telling.Figure(fact, CountText(telling.language(), n), PopulationLink(finding, figure));
  return telling.Say(successes ? "of.successes" : "of.prompts", {{"n", number, n}});
}

// The second slowest: the one result of a part that passes others over; its place, from 1. 0 for any other query.
int PlaceOf(const pb::Query& query) {
  if (query.slices_size() != 1 || !query.filters().empty()) return 0;
  const pb::Slice& slice = query.slices(0);
  const bool same = slice.measure() == query.measure() && slice.order() == query.order();
  return same && slice.count() == 1 && !slice.exclude() && slice.skip() > 0 ? slice.skip() + 1 : 0;
}

std::string TellRanking(Telling& telling, const Finding& finding) {
  const std::string filters = FiltersText(telling.language(), finding.query);
  const std::string of = TotalText(telling, finding);
  const std::string tail = filters.empty() ? "" : ".filtered";
  const int sign = finding.query.order() == pb::ORDER_ASCENDING ? -1 : 1;
  if (const int place = PlaceOf(finding.query); place > 0) {
    return telling.Say("list.nth", {{"n", fmt::to_string(place)},
                                    {"order", OrderName(telling.language(), finding.query)},
                                    {"prompt", Named(telling, finding, finding.results[0], sign * place)}});
  }
  if (finding.results.size() == 1) {
    std::string text =
        telling.Say("list.single" + tail, {{"n", of},
                                           {"filters", filters},
                                           {"most", MostName(telling.language(), finding.query)},
                                           {"prompt", Named(telling, finding, finding.results[0], sign)}});
    if (finding.ties > 0) text += " " + TiesText(telling, finding, "list.ties.one");
    return text;
  }
  const auto k = static_cast<double>(finding.results.size());
  telling.Know({.value = k});
  std::string text = telling.Say("list.ranked" + tail, {{"k", CountText(telling.language(), k), k},
                                                        {"n", of},
                                                        {"filters", filters},
                                                        {"order", OrderName(telling.language(), finding.query)}});
  int rank = 0;
  for (const FoundResult& result : finding.results) {
    ++rank;
    text += "\n1. " + Named(telling, finding, result, sign * rank);
  }
  if (finding.ties > 0) text += "\n\n" + TiesText(telling, finding, "list.ties");
  if (finding.query.has_limit() && finding.query.limit() > rank) {
    text += "\n\n" + telling.Say("list.fewer", {{"k", CountText(telling.language(), k)}});
  }
  return text;
}

// The best of each group, group by group.
std::string TellPerGroup(Telling& telling, const Finding& finding) {
  std::string text = telling.Say(
      "list.per_group", {{"k", CountText(telling.language(), finding.query.per_group()), finding.query.per_group()},
                         {"group", GroupName(telling.language(), finding.query.group_by())},
                         {"order", OrderName(telling.language(), finding.query)}});
  const std::string* group = nullptr;
  for (const FoundResult& result : finding.results) {
    if (!group || *group != result.group) {
      text += "\n\n**" + GroupValue(telling.language(), finding.query.group_by(), result.group) + "**";
    }
    group = &result.group;
    text += "\n- " + Named(telling, finding, result);
  }
  return text;
}

std::vector<std::string> PartsOf(Telling& telling, const FoundResult& result) {
  std::vector<std::string> parts;
  if (result.latency_ms) {
    parts.push_back(
        telling.Say("part.latency", {{"x", ResultValue(telling, pb::MEASURE_LATENCY, result, *result.latency_ms)}}));
  }
  if (result.ttft_ms) {
    parts.push_back(telling.Say("part.ttft", {{"x", ResultValue(telling, pb::MEASURE_TTFT, result, *result.ttft_ms)}}));
  }
  if (result.output_tokens) {
    parts.push_back(ResultValue(telling, pb::MEASURE_OUTPUT_TOKENS, result, *result.output_tokens));
  }
  if (result.characters) {
    parts.push_back(ResultValue(telling, pb::MEASURE_RESPONSE_CHARACTERS, result, *result.characters));
  }
  if (result.input_tokens) {
    parts.push_back(ResultValue(telling, pb::MEASURE_INPUT_TOKENS, result, *result.input_tokens));
  }
  if (result.tokens_per_second) {
    parts.push_back(ResultValue(telling, pb::MEASURE_TOKENS_PER_SECOND, result, *result.tokens_per_second));
  }
  if (result.attempts > 1) parts.push_back(ResultValue(telling, pb::MEASURE_ATTEMPTS, result, result.attempts));
  if (result.finish_reason) {
    parts.push_back(telling.Say("part.finish_reason", {{"reason", Quoted(*result.finish_reason, 30)}}));
  }
  return parts;
}

std::string Blockquote(std::string_view text, size_t most) { return "\n\n> " + Quoted(text, most); }

std::string TellResult(Telling& telling, const Finding& finding, const FoundResult& result) {
  const std::string prompt = PromptFigure(telling, finding, result);
  std::string text;
  if (result.success) {
    text =
        telling.Say("result.success", {{"prompt", prompt}, {"parts", absl::StrJoin(PartsOf(telling, result), ", ")}});
  } else {
    text = telling.Say("result.failure", {{"prompt", prompt}, {"type", ErrorWords(result)}});
    if (result.error) text += " " + telling.Say("result.words", {{"words", Quoted(*result.error, 300)}});
  }
  if (result.failed_checks) {
    text += " " + telling.Say("result.failed_check", {{"check", Quoted(*result.failed_checks, 200)}});
  }
  if (result.response && !result.response->empty()) {
    text += Blockquote(*result.response, finding.query.whole() ? kLongestWhole : kLongestResponse);
  }
  return text;
}

std::string TellExplanation(Telling& telling, const Finding& finding) {
  // Why did #5 fail: it succeeded.
  const bool took_failure_for_granted = finding.query.measure() == pb::MEASURE_RESULTS && finding.results.size() == 1;
  if (took_failure_for_granted && finding.results[0].success) return TellResult(telling, finding, finding.results[0]);
  std::string text = telling.Say(finding.results.front().success ? "explain.slow" : "explain.failures");
  for (const FoundResult& result : finding.results) {
    text += "\n- " + PromptFigure(telling, finding, result) + ": ";
    text += result.success ? absl::StrJoin(PartsOf(telling, result), ", ")
            : result.error ? Quoted(*result.error, 300)
                           : ErrorWords(result);
    if (result.failed_checks) {
      text += ". " + telling.Say("result.failed_check", {{"check", Quoted(*result.failed_checks, 200)}});
    }
  }
  return text;
}

std::string TellNone(Telling& telling, const Finding& finding) {
  pb::Figure figure;
  figure.set_measure(pb::MEASURE_RESULTS);
  const bool successes = IsOfSuccesses(finding.query, figure);
  int64_t all = 0;
  for (const RunFacts& run : finding.runs) all += successes ? run.completed_prompts : run.results();
  const auto n = static_cast<double>(all);
  telling.Know({.value = 0, .of = n, .verdict = VerdictOf(finding.query)});
  const std::string of = telling.Figure({.value = n}, CountText(telling.language(), n));
  const auto did = DidText(telling.language(), finding.query, 1);
  return telling.Say(did ? "list.none.did" : "list.none.match",
                     {{"did", did.value_or("")},
                      {"filters", FiltersText(telling.language(), finding.query)},
                      {"n", telling.Say(successes ? "of.successes" : "of.prompts", {{"n", of, n}})}});
}

std::string RunNumber(const Finding& finding) {
  return finding.runs.empty() ? "" : fmt::to_string(finding.runs.front().number);
}

// What each prompt's value differs by between two runs.
std::string TellDifferences(Telling& telling, const Finding& finding) {
  const auto n = static_cast<double>(finding.total);
  if (finding.results.empty()) {
    return telling.Say("differences.none", {{"measure", MeasureName(telling.language(), finding.query.measure())},
                                            {"run", RunNumber(finding)},
                                            {"base", finding.base ? fmt::to_string(finding.base->number) : ""}});
  }
  std::string text =
      telling.Say("differences.head", {{"n", telling.Figure({.value = n}, CountText(telling.language(), n)), n},
                                       {"measure", MeasureName(telling.language(), finding.query.measure())},
                                       {"run", RunNumber(finding)},
                                       {"base", finding.base ? fmt::to_string(finding.base->number) : ""}});
  for (const FoundResult& result : finding.results) {
    if (!result.value || !result.base_value) continue;
    const pb::Measure measure = finding.query.measure();
    text += "\n- " + telling.Say("differences.item",
                                 {{"prompt", PromptFigure(telling, finding, result)},
                                  {"x", ResultValue(telling, measure, result, *result.base_value + *result.value)},
                                  {"base", ResultValue(telling, measure, result, *result.base_value)},
                                  {"difference", (*result.value > 0 ? "+" : "") +
                                                     ResultValue(telling, measure, result, *result.value)}});
  }
  return text;
}

std::string TellMatches(Telling& telling, const Finding& finding) {
  const auto k = static_cast<double>(finding.total);
  pb::Figure figure;
  figure.set_measure(pb::MEASURE_RESULTS);
  figure.set_statistic(pb::STATISTIC_LIST);
  const Fact fact{.value = k, .verdict = VerdictOf(finding.query)};
  const std::string number = telling.Figure(fact, CountText(telling.language(), k), PopulationLink(finding, figure));
  const std::string filters = FiltersText(telling.language(), finding.query);
  const auto did = DidText(telling.language(), finding.query, k);
  std::string text = telling.Say(did               ? "list.did"
                                 : filters.empty() ? "list.plain"
                                                   : "list.match",
                                 {{"k", number, k}, {"did", did.value_or("")}, {"filters", filters}});
  const auto count = static_cast<int64_t>(finding.results.size());
  const int64_t named = std::min(count, kNamed);
  for (int64_t i = 0; i < named; ++i) {
    text += "\n- " + Named(telling, finding, finding.results[static_cast<size_t>(i)]);
  }
  if (finding.total <= named) return text;
  const auto more = static_cast<double>(finding.total - named);
  return text + "\n\n" +
         telling.Say("list.more",
                     {{"k", CountText(telling.language(), more), more}, {"n", CountText(telling.language(), k), k}});
}

}  // namespace

std::string PromptFigure(Telling& telling, const Finding& finding, const FoundResult& result) {
  return telling.Figure({.unit = Unit::kCount,
                         .value = static_cast<double>(result.prompt_id),
                         .prompt = result.prompt_id,
                         .is_bound = true},
                        PromptText(telling.language(), result), PromptLink(finding, result));
}

std::string TellList(Telling& telling, const Finding& finding) {
  if (finding.query.statistic() == pb::STATISTIC_DIFFERENCE) return TellDifferences(telling, finding);
  if (finding.results.empty()) return TellNone(telling, finding);
  if (finding.query.explain()) return TellExplanation(telling, finding);
  if (finding.query.has_per_group()) return TellPerGroup(telling, finding);
  const bool one = finding.results.size() == 1 && finding.total == 1;
  const bool by_number =
      finding.query.filters_size() == 1 && finding.query.filters(0).field() == pb::FILTER_FIELD_PROMPT_ID;
  if (one && (by_number || finding.query.whole())) return TellResult(telling, finding, finding.results[0]);
  if (IsRanked(finding.query)) return TellRanking(telling, finding);
  if (finding.query.whole() && finding.results.size() <= static_cast<size_t>(kNamed)) {
    std::string text;
    for (const FoundResult& result : finding.results) {
      text += (text.empty() ? "" : "\n\n") + TellResult(telling, finding, result);
    }
    return text;
  }
  return TellMatches(telling, finding);
}

}  // namespace ftl::analytics
