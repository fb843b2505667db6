#include "services/analytics/narrator/facts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "common/time/proto_time.h"
#include "services/analytics/metrics/interval.h"
#include "services/analytics/narrator/summary.h"
#include "services/analytics/narrator/wording.h"
#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

constexpr int64_t kNamed = 5;          // results named in a sentence
constexpr int64_t kEnoughForP95 = 20;  // below, the figure stays and words say so
constexpr int64_t kEnoughForP99 = 100;

bool IsOfSuccesses(pb::Measure measure) {
  return measure != pb::MEASURE_SUCCESS && measure != pb::MEASURE_CHECKS && measure != pb::MEASURE_RESULTS &&
         measure != pb::MEASURE_ATTEMPTS;
}

bool AsksFailures(const pb::Query& query) {
  return std::any_of(query.filters().begin(), query.filters().end(), [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_ERROR_TYPE || filter.field() == pb::FILTER_FIELD_OUTCOME ||
           (filter.field() == pb::FILTER_FIELD_SUCCESS && filter.text() == "false");
  });
}

// What figures are over: `9 successful calls in category billing`.
std::string Population(const pb::Query& query, const pb::Figure& figure, int64_t n) {
  const FilterWords words = WordsOf(query, n);
  const bool spent = figure.statistic() == pb::STATISTIC_SUM;
  const bool successes = IsOfSuccesses(figure.measure()) && !AsksFailures(query) && !spent;
  std::string text = fmt::format("{} {}", CountText(n), Plural(n, successes ? "successful call" : "prompt"));
  if (!words.attributes.empty()) text += " " + words.attributes;
  if (!words.predicate.empty()) text += " that " + words.predicate;
  return text;
}

std::string ValueText(const pb::Figure& figure, const FoundFigure& found) {
  if (figure.measure() == pb::MEASURE_RESULTS && figure.statistic() == pb::STATISTIC_COUNT) {
    return CountText(std::llround(*found.value));
  }
  if (figure.statistic() == pb::STATISTIC_SHARE) return NumberText(*found.value * 100, 1) + " %";
  if (figure.statistic() == pb::STATISTIC_COUNT) return CountText(std::llround(*found.value));
  return QuantityText(figure.measure(), *found.value);
}

// A word of caution where a high percentile is over few results.
std::string Caution(const std::vector<pb::Figure>& figures, const FoundGroup& group) {
  for (size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].statistic() != pb::STATISTIC_PERCENTILE || !group.figures[i].value) continue;
    const int64_t n = group.figures[i].n;
    const double percentile = figures[i].percentile();
    const bool few = (percentile >= 99 && n < kEnoughForP99) || (percentile >= 90 && n < kEnoughForP95);
    if (few)
      return fmt::format(" With only {} of them, so high a percentile says little more than the slowest one.", n);
  }
  return "";
}

std::string TellShare(const pb::Query& query, const pb::Figure& figure, const FoundFigure& found) {
  if (!found.value || found.n == 0) {
    return figure.measure() == pb::MEASURE_CHECKS ? "None of these prompts has a check or an expected answer, so there "
                                                    "is nothing to say about right and wrong."
                                                  : "There is no result to count yet.";
  }
  const int64_t k = std::llround(*found.value * static_cast<double>(found.n));
  const Interval interval = WilsonInterval(k, found.n);
  const std::string range =
      fmt::format("95 % interval {} to {} %", NumberText(interval.low * 100, 0), NumberText(interval.high * 100, 0));
  const FilterWords words = WordsOf(query, k);
  const std::string attributes = words.attributes.empty() ? "" : " " + words.attributes;
  if (figure.measure() == pb::MEASURE_RESULTS) {
    return fmt::format("**{} %** of the {}{} {} ({} of {}).", NumberText(*found.value * 100, 1), Plural(2, "prompt"),
                       attributes, words.predicate.empty() ? "are there" : words.predicate, CountText(k),
                       CountText(found.n));
  }
  const std::string_view what = figure.measure() == pb::MEASURE_SUCCESS ? "succeeded" : "passed all their checks";
  std::string text = fmt::format(
      "**{} %** {}: {} of {} {}{}", NumberText(*found.value * 100, 1), what, CountText(k), CountText(found.n),
      Plural(found.n, figure.measure() == pb::MEASURE_SUCCESS ? "prompt" : "prompt with checks"), attributes);
  if (!words.predicate.empty()) text += " that " + words.predicate;
  if (found.n < kEnoughForP99) text += fmt::format(" ({})", range);
  text += ".";
  if (const int64_t rest = found.n - k; rest > 0) {
    text +=
        fmt::format(" {} {}.", CountText(rest), figure.measure() == pb::MEASURE_SUCCESS ? "failed" : "did not pass");
  }
  return text;
}

std::string TellCount(const pb::Query& query, const FoundFigure& found) {
  const int64_t k = found.value ? std::llround(*found.value) : 0;
  const FilterWords words = WordsOf(query, k);
  const std::string attributes = words.attributes.empty() ? "" : " " + words.attributes;
  if (words.predicate.empty()) {
    if (k == found.n || words.attributes.empty()) {
      return fmt::format("There {} **{}** {}{}.", k == 1 ? "is" : "are", CountText(k), Plural(k, "prompt"), attributes);
    }
    return fmt::format("There {} **{}** {}{}, of {} in all.", k == 1 ? "is" : "are", CountText(k), Plural(k, "prompt"),
                       attributes, CountText(found.n));
  }
  if (found.n == 0) return fmt::format("There are **0** prompts{} to count.", attributes);
  const bool successes = std::any_of(query.filters().begin(), query.filters().end(), [](const pb::Filter& filter) {
    return filter.field() == pb::FILTER_FIELD_LATENCY || filter.field() == pb::FILTER_FIELD_TTFT ||
           filter.field() == pb::FILTER_FIELD_OUTPUT_TOKENS;
  });
  const std::string noun = successes && !AsksFailures(query) ? "successful call" : "prompt";
  return fmt::format("**{}** of {} {}{} {}.", CountText(k), CountText(found.n), Plural(found.n, noun), attributes,
                     words.predicate);
}

std::string TellFigures(const Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  const FoundGroup& group = finding.groups.front();
  if (figures[0].statistic() == pb::STATISTIC_SHARE && figures.size() == 1)
    return TellShare(finding.query, figures[0], group.figures[0]);
  if (figures[0].statistic() == pb::STATISTIC_COUNT && figures[0].measure() == pb::MEASURE_RESULTS &&
      figures.size() == 1) {
    return TellCount(finding.query, group.figures[0]);
  }
  std::vector<std::string> parts;
  std::vector<std::string> unknown;
  int64_t n = 0;
  const pb::Figure* told = nullptr;
  for (size_t i = 0; i < figures.size(); ++i) {
    const FoundFigure& found = group.figures[i];
    if (!found.value) {
      unknown.push_back(FigureName(figures[i]));
      continue;
    }
    if (!told) told = &figures[i];
    n = std::max(n, found.n);
    parts.push_back(fmt::format("{} **{}**", FigureName(figures[i]), ValueText(figures[i], found)));
  }
  if (parts.empty()) {
    const FilterWords words = WordsOf(finding.query, 2);
    std::string which = words.attributes.empty() ? "" : " " + words.attributes;
    if (!words.predicate.empty()) which += " that " + words.predicate;
    return fmt::format("There is no value for the {}: no {}{} has one.", unknown.front(),
                       AsksFailures(finding.query) ? "call" : "successful call", which);
  }
  std::string text;
  if (parts.size() == 1) {
    text = fmt::format("The {} {} **{}**, over {}.", FigureName(*told),
                       told->statistic() == pb::STATISTIC_SUM ? "are" : "is",
                       ValueText(*told, group.figures[static_cast<size_t>(told - figures.data())]),
                       Population(finding.query, *told, n));
    if (told->statistic() == pb::STATISTIC_SUM) {
      text = fmt::format("The {} come to **{}**, over {}.", FigureName(*told),
                         ValueText(*told, group.figures[static_cast<size_t>(told - figures.data())]),
                         Population(finding.query, *told, n));
    }
  } else {
    text = fmt::format("Over {}: {}.", Population(finding.query, *told, n), Listed(parts));
  }
  if (!unknown.empty()) text += fmt::format(" There is no value for the {}.", Listed(unknown));
  return text + Caution(figures, group);
}

std::string_view GroupWord(pb::Grouping grouping) {
  switch (grouping) {
    case pb::GROUPING_CATEGORY:
      return "category";
    case pb::GROUPING_DIFFICULTY:
      return "difficulty";
    case pb::GROUPING_ERROR_TYPE:
      return "error type";
    case pb::GROUPING_FINISH_REASON:
      return "finish reason";
    case pb::GROUPING_RUN:
      return "run";
    default:
      return "half of the run";
  }
}

// Two groups beside each other: how far they are apart.
std::string TellDifference(const Finding& finding, const pb::Figure& figure) {
  const FoundGroup& first = finding.groups[0];
  const FoundGroup& second = finding.groups[1];
  if (!first.figures[0].value || !second.figures[0].value || figure.measure() == pb::MEASURE_RESULTS) return "";
  const double a = *first.figures[0].value;
  const double b = *second.figures[0].value;
  std::string text;
  if (figure.statistic() == pb::STATISTIC_SHARE) {
    text = fmt::format(" They differ by {} percentage points", NumberText(std::abs(a - b) * 100, 1));
  } else if (std::min(a, b) > 0) {
    const bool second_more = b > a;
    text =
        fmt::format(" {} is {} % higher than {}", second_more ? second.name : first.name,
                    NumberText((std::max(a, b) / std::min(a, b) - 1) * 100, 1), second_more ? first.name : second.name);
    if (a == b) text = " Both are the same";
  }
  if (text.empty()) return "";
  const bool few = std::min(first.figures[0].n, second.figures[0].n) < kEnoughForP95;
  return text + (few ? "; with so few calls that may be chance." : ".");
}

std::string TellGroups(const Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  const FilterWords words = WordsOf(finding.query, 2);
  std::string which = words.attributes.empty() ? "" : " " + words.attributes;
  if (!words.predicate.empty()) which += " that " + words.predicate;
  const bool errors = finding.query.group_by() == pb::GROUPING_ERROR_TYPE;
  int64_t all = 0;
  for (const FoundGroup& group : finding.groups) all += group.results;
  if (finding.groups.empty() || (errors && all == 0)) {
    return errors ? "There were no errors: no prompt failed."
                  : fmt::format("There are no prompts{} to compare.", which);
  }
  std::string text;
  if (errors && figures[0].statistic() == pb::STATISTIC_COUNT) {
    text = fmt::format("**{}** {} failed, by error type:", CountText(all), Plural(all, "prompt"));
  } else if (figures.size() == 1) {
    text = fmt::format(
        "The {}{} by {}:", figures[0].measure() == pb::MEASURE_RESULTS ? "number of prompts" : FigureName(figures[0]),
        which, GroupWord(finding.query.group_by()));
    if (figures[0].measure() == pb::MEASURE_RESULTS && figures[0].statistic() == pb::STATISTIC_SHARE) {
      text = fmt::format("The share of prompts{} by {}:", which, GroupWord(finding.query.group_by()));
    }
  } else {
    std::vector<std::string> names;
    for (const pb::Figure& figure : figures) names.push_back(FigureName(figure));
    text = fmt::format("By {}{}: {}.", GroupWord(finding.query.group_by()),
                       which.empty() ? "" : fmt::format(", prompts{}", which), Listed(names));
  }
  for (const FoundGroup& group : finding.groups) {
    std::vector<std::string> values;
    for (size_t i = 0; i < figures.size(); ++i) {
      values.push_back(group.figures[i].value ? fmt::format("**{}**", ValueText(figures[i], group.figures[i]))
                                              : "no value");
    }
    text += fmt::format("\n- {}: {}", Quoted(group.name, 60), Listed(values));
    if (figures[0].measure() != pb::MEASURE_RESULTS) {
      text += fmt::format(" ({} {})", CountText(group.figures[0].n),
                          Plural(group.figures[0].n, IsOfSuccesses(figures[0].measure()) ? "call" : "prompt"));
    } else if (!errors) {
      text += fmt::format(" of {}", CountText(group.figures[0].n));
    }
  }
  if (finding.groups.size() == 1 && !errors) {
    return text + fmt::format("\n\nThere is only one {} here, so there is nothing to compare it with.",
                              GroupWord(finding.query.group_by()));
  }
  if (finding.groups.size() > 1 && finding.query.order() != pb::ORDER_UNSPECIFIED &&
      finding.groups[0].figures[0].value) {
    text += fmt::format("\n\n{} comes first with **{}**.", Quoted(finding.groups[0].name, 60),
                        ValueText(figures[0], finding.groups[0].figures[0]));
  } else if (finding.groups.size() == 2 && !errors) {
    text += "\n" + TellDifference(finding, figures[0]);
  }
  return text;
}

// `slowest`, `with the most output tokens`.
std::pair<std::string, std::string> RankWords(const pb::Query& query) {
  const bool most = query.order() == pb::ORDER_DESCENDING;
  switch (query.measure()) {
    case pb::MEASURE_LATENCY:
      return {most ? "slowest" : "fastest", ""};
    case pb::MEASURE_TTFT:
      return {most ? "slowest" : "fastest", " to the first token"};
    case pb::MEASURE_RESPONSE_LENGTH:
    case pb::MEASURE_RESPONSE_CHARACTERS:
    case pb::MEASURE_RESPONSE_WORDS:
      return {most ? "longest" : "shortest", ""};
    default:
      return {"", fmt::format(" with the {} {}", most ? "most" : "fewest", MeasureName(query.measure()))};
  }
}

// What is said of a result in brackets: what was asked for.
std::string Detail(const pb::Query& query, const FoundResult& result) {
  if (query.measure() == pb::MEASURE_RESPONSE_LENGTH) {
    std::vector<std::string> parts;
    if (result.output_tokens) parts.push_back(QuantityText(pb::MEASURE_OUTPUT_TOKENS, *result.output_tokens));
    if (result.characters) parts.push_back(QuantityText(pb::MEASURE_RESPONSE_CHARACTERS, *result.characters));
    return fmt::format("{}", fmt::join(parts, ", "));
  }
  if (!result.success) {
    std::string type = result.error_type.value_or("failed");
    std::replace(type.begin(), type.end(), '_', ' ');
    return type;
  }
  if (query.measure() != pb::MEASURE_RESULTS && result.value) return QuantityText(query.measure(), *result.value);
  if (result.same_as && *result.same_as != result.prompt_id) return fmt::format("as #{}", *result.same_as);
  return result.latency_ms ? DurationText(*result.latency_ms) : "";
}

std::string Named(const Finding& finding, const FoundResult& result) {
  const std::string detail = Detail(finding.query, result);
  std::string text = PromptText(result);
  if (finding.runs.size() > 1) text += fmt::format(" of run {}", result.run);
  return detail.empty() ? text : fmt::format("{} ({})", text, detail);
}

std::string TellRanking(const Finding& finding) {
  const auto [adjective, clause] = RankWords(finding.query);
  const FilterWords words = WordsOf(finding.query, 2);
  std::string which = clause;
  if (!words.attributes.empty()) which += " " + words.attributes;
  if (!words.predicate.empty()) which += " that " + words.predicate;
  const auto count = static_cast<int64_t>(finding.results.size());
  const bool length = adjective == "longest" || adjective == "shortest";
  const std::string noun = Plural(count, length ? "response" : "prompt");
  if (count == 1) {
    return fmt::format("The {}{}{}{} was {}.", adjective, adjective.empty() ? "" : " ", noun, which,
                       Named(finding, finding.results[0]));
  }
  std::string text =
      fmt::format("The {} {}{}{}{}:", CountText(count), adjective, adjective.empty() ? "" : " ", noun, which);
  for (const FoundResult& result : finding.results) text += "\n1. " + Named(finding, result);
  if (finding.query.has_limit() && finding.query.limit() > count)
    text += fmt::format("\n\nThere are no more than {}.", CountText(count));
  return text;
}

// One prompt, told whole.
std::string TellResult(const FoundResult& result) {
  std::string text = PromptText(result);
  if (result.success) {
    text += result.latency_ms ? fmt::format(" took **{}**", DurationText(*result.latency_ms)) : " succeeded";
    if (result.ttft_ms) text += fmt::format(", {} of it to the first token", DurationText(*result.ttft_ms));
    if (result.output_tokens) {
      text += fmt::format(", and produced **{}**", QuantityText(pb::MEASURE_OUTPUT_TOKENS, *result.output_tokens));
      if (result.characters)
        text += fmt::format(" ({})", QuantityText(pb::MEASURE_RESPONSE_CHARACTERS, *result.characters));
    }
    if (result.input_tokens)
      text += fmt::format(" from {}", QuantityText(pb::MEASURE_INPUT_TOKENS, *result.input_tokens));
    if (result.finish_reason) text += fmt::format("; finish reason: {}", Quoted(*result.finish_reason, 30));
    text += ".";
  } else {
    text += fmt::format(" **failed** ({})", Quoted(result.error_type.value_or("unknown"), 30));
    text += result.error ? ": " + Quoted(*result.error, 300) : ".";
  }
  if (result.failed_checks) text += fmt::format(" Failed check: {}.", Quoted(*result.failed_checks, 200));
  if (result.response && !result.response->empty()) text += fmt::format("\n\n> {}", Quoted(*result.response, 400));
  return text;
}

std::string TellExplanation(const Finding& finding) {
  std::string text;
  for (const FoundResult& result : finding.results) {
    if (result.success) {
      std::vector<std::string> parts;
      if (result.latency_ms) parts.push_back(DurationText(*result.latency_ms));
      if (result.ttft_ms) parts.push_back(fmt::format("{} to the first token", DurationText(*result.ttft_ms)));
      if (result.output_tokens) parts.push_back(QuantityText(pb::MEASURE_OUTPUT_TOKENS, *result.output_tokens));
      if (result.tokens_per_second)
        parts.push_back(QuantityText(pb::MEASURE_TOKENS_PER_SECOND, *result.tokens_per_second));
      if (result.attempts > 1) parts.push_back(QuantityText(pb::MEASURE_ATTEMPTS, result.attempts));
      text += fmt::format("\n- {}: {}", PromptText(result), fmt::join(parts, ", "));
      if (result.failed_checks) text += fmt::format(". Failed check: {}", Quoted(*result.failed_checks, 200));
    } else {
      text += fmt::format(
          "\n- {}: {}", PromptText(result),
          result.error ? Quoted(*result.error, 300) : Quoted(result.error_type.value_or("no reason was given"), 60));
    }
  }
  const bool failures = !finding.results.front().success;
  return (failures ? "This is what the endpoint or the connection said:"
                   : "The results hold no causes. This is what they hold of each; long answers and a late first token "
                     "make slow ones:") +
         text;
}

std::string TellList(const Finding& finding) {
  const auto count = static_cast<int64_t>(finding.results.size());
  const FilterWords words = WordsOf(finding.query, finding.total);
  const std::string attributes = words.attributes.empty() ? "" : " " + words.attributes;
  if (count == 0) {
    int64_t all = 0;
    for (const RunFacts& run : finding.runs) all += run.results();
    if (words.predicate.empty()) return fmt::format("There is no result{}.", attributes);
    if (!attributes.empty()) return fmt::format("None of the prompts{} {}.", attributes, words.predicate);
    return fmt::format("None of the {} {} {}.", CountText(all), Plural(all, "prompt"), words.predicate);
  }
  if (finding.query.explain()) return TellExplanation(finding);
  if (IsRanked(finding.query)) return TellRanking(finding);
  if (count == 1 && finding.total == 1 && words.predicate.empty()) return TellResult(finding.results[0]);
  std::string text;
  if (words.predicate.empty()) {
    text = fmt::format("There {} **{}** {}{}:", finding.total == 1 ? "is" : "are", CountText(finding.total),
                       Plural(finding.total, "prompt"), attributes);
  } else {
    text = fmt::format("**{}** {}{} {}:", CountText(finding.total), Plural(finding.total, "prompt"), attributes,
                       words.predicate);
  }
  const int64_t named = std::min(count, kNamed);
  for (int64_t i = 0; i < named; ++i) text += "\n- " + Named(finding, finding.results[static_cast<size_t>(i)]);
  if (finding.total > named) text += fmt::format("\n\nand {} more.", CountText(finding.total - named));
  return text;
}

std::string TellHistogram(const Finding& finding) {
  const Histogram& histogram = *finding.histogram;
  const pb::Measure measure = finding.query.measure();
  if (histogram.count == 0) return fmt::format("There is no {} to show: no call has succeeded.", MeasureName(measure));
  const auto fullest = std::max_element(histogram.buckets.begin(), histogram.buckets.end(),
                                        [](const auto& a, const auto& b) { return a.count < b.count; });
  const FilterWords words = WordsOf(finding.query, 2);
  std::string which = words.attributes.empty() ? "" : " " + words.attributes;
  if (!words.predicate.empty()) which += " that " + words.predicate;
  std::string text = fmt::format(
      "The {} of {} {}{}: the median is **{}**, the 90th percentile **{}**, the 95th **{}** and the 99th **{}**. The "
      "fullest "
      "range is {} to {}, with {} of them.",
      MeasureName(measure), CountText(histogram.count), Plural(histogram.count, "successful call"), which,
      QuantityText(measure, histogram.p50), QuantityText(measure, histogram.p90), QuantityText(measure, histogram.p95),
      QuantityText(measure, histogram.p99), QuantityText(measure, fullest->from), QuantityText(measure, fullest->to),
      CountText(fullest->count));
  if (histogram.count < kEnoughForP95)
    text += fmt::format(" With only {} of them, the high percentiles say little.", histogram.count);
  return text;
}

// What must be known before any figure: that the run is not over, or ended early.
std::string TellState(const Finding& finding) {
  std::string text;
  for (const RunFacts& run : finding.runs) {
    if (run.results() == run.total_prompts && run.is_over()) continue;
    const std::string which = finding.runs.size() > 1 ? fmt::format("Run {}", run.number) : "The run";
    if (!run.is_over()) {
      text += fmt::format("{} is still going: this is what is known so far, {} of {} {}. ", which,
                          CountText(run.results()), CountText(run.total_prompts), Plural(run.total_prompts, "prompt"));
    } else {
      text += fmt::format("{} {} after {} of {} {}. ", which, run.status == "cancelled" ? "was stopped" : "ended early",
                          CountText(run.results()), CountText(run.total_prompts), Plural(run.total_prompts, "prompt"));
    }
  }
  return text;
}

std::string Tell(const Finding& finding) {
  if (finding.metrics) return TellSummary(finding);
  if (finding.histogram) return TellHistogram(finding);
  if (finding.query.statistic() == pb::STATISTIC_LIST) return TellList(finding);
  return finding.query.group_by() == pb::GROUPING_UNSPECIFIED ? TellFigures(finding) : TellGroups(finding);
}

}  // namespace

std::string TellFacts(const Finding& finding, const std::vector<std::string>& left_out) {
  std::string text = TellState(finding) + Tell(finding);
  if (!left_out.empty()) {
    std::vector<std::string> words;
    for (const std::string& word : left_out) words.push_back(fmt::format("'{}'", Quoted(word, 30)));
    text += fmt::format("\n\nI did not understand {} and answered without it.", Listed(words));
  }
  return text;
}

}  // namespace ftl::analytics
