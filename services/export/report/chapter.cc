#include "services/export/report/chapter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/advice.h"
#include "services/export/report/charts.h"
#include "services/export/report/manifest.h"
#include "services/export/report/method.h"
#include "services/export/report/readable.h"
#include "services/export/report/shown_result.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

using google::protobuf::Duration;

constexpr size_t kLongestFact = 300;
constexpr size_t kLongestError = 300;

// Fewer calls than this make a percentile little more than the slowest call.
constexpr int kEnoughForP95 = 20;
constexpr int kEnoughForP99 = 100;

class Chapter {
 public:
  Chapter(const Report& report, const RunFindings& findings, std::vector<Section>& sections)
      : report_(report), run_(findings.run), metrics_(findings.metrics), findings_(findings), sections_(sections) {}

  void Add() {
    AddHeadline();
    AddCharts();
    AddChecks();
    AddExtremes();
    AddErrors();
    AddSamples();
    AddAllFigures();
    AddPrompts();
    AddConfiguration();
    Add("Manifest", {ManifestFacts(findings_.rows.manifest)}, !findings_.rows.manifest.fields().empty());
    Add("How these figures are made", {MethodNotes(metrics_)});
  }

 private:
  int32_t results() const { return metrics_.completed_prompts() + metrics_.failed_prompts(); }

  void Add(std::string title, std::vector<Block> blocks, bool wanted = true) {
    if (wanted) sections_.push_back({.title = std::move(title), .blocks = std::move(blocks)});
  }

  std::string CallsNote(int enough) const {
    const std::string calls = "n = " + CountText(metrics_.completed_prompts());
    return metrics_.completed_prompts() < enough ? calls + ", only a hint" : calls;
  }

  Figure Span(std::string label, bool has, const Duration& span, std::string note) const {
    return {std::move(label), has ? DurationText(span) : "\u2013", has ? std::move(note) : "none measured"};
  }

  Figure SuccessRate() const {
    std::string note = fmt::format("{} of {}", CountText(metrics_.completed_prompts()), CountText(results()));
    if (metrics_.has_success_interval()) {
      note += fmt::format("; 95 %: {}\u2013{} %", NumberText(metrics_.success_interval().low(), 1),
                          NumberText(metrics_.success_interval().high(), 1));
    }
    return {"Success rate", metrics_.has_success_rate() ? NumberText(metrics_.success_rate(), 1) + " %" : "\u2013",
            note};
  }

  Figure Checks() const {
    const int32_t all = metrics_.checks_passed() + metrics_.checks_failed();
    if (all == 0) return {"Checks passed", "\u2013", "no prompt has checks"};
    return {"Checks passed", fmt::format("{} of {}", CountText(metrics_.checks_passed()), CountText(all)),
            NumberText(100.0 * metrics_.checks_passed() / all, 1) + " %"};
  }

  Figure Tokens() const {
    return {"Output tokens", CountText(metrics_.total_output_tokens()),
            fmt::format("{} input{}", CountText(metrics_.total_input_tokens()),
                        metrics_.tokens_estimated() ? "; some estimated" : "")};
  }

  Figure TokenRate() const {
    if (!metrics_.has_output_tokens_per_second()) return {"Output tokens per second", "\u2013", "none measured"};
    return {"Output tokens per second", NumberText(metrics_.output_tokens_per_second(), 1), "over summed latency"};
  }

  void AddHeadline() {
    if (run_.has_error()) {
      Add("Why it ended", {Told(OneLine(run_.error(), kLongestError), Voice::kFault)});
    }
    Figures figures;
    figures.figures = {SuccessRate(),
                       Span("Median latency", metrics_.has_p50_latency(), metrics_.p50_latency(), CallsNote(1)),
                       Span("95th percentile of latency", metrics_.has_p95_latency(), metrics_.p95_latency(),
                            CallsNote(kEnoughForP95)),
                       Span("99th percentile of latency", metrics_.has_p99_latency(), metrics_.p99_latency(),
                            CallsNote(kEnoughForP99)),
                       Span("Median time to first token", metrics_.has_p50_ttft(), metrics_.p50_ttft(),
                            metrics_.has_p95_ttft() ? "p95 " + DurationText(metrics_.p95_ttft()) : ""),
                       TokenRate(),
                       Tokens(),
                       Checks()};
    std::vector<Block> blocks = {std::move(figures)};
    if (const int32_t empty = metrics_.answers_without_text(); empty > 0) {
      blocks.push_back(
          Told(fmt::format("**{}**, though the call went well: an empty answer, reasoning alone, or a token "
                           "limit that reasoning used up. Raise max_tokens, or look at the model's template.",
                           AnswersWithoutText(empty)),
               Voice::kNote));
    }
    Add("Headline figures", std::move(blocks));
  }

  void AddCharts() {
    std::vector<Block> charts;
    for (Chart& chart : std::vector<Chart>{DistributionChart(findings_), LatencyByPromptChart(findings_),
                                           FirstTokenChart(findings_)}) {
      if (!IsEmpty(chart)) charts.push_back(std::move(chart));
    }
    const bool wanted = !charts.empty();
    Add("Latency", std::move(charts), wanted);
  }

  void AddChecks() {
    if (metrics_.checks_passed() + metrics_.checks_failed() == 0) return;
    Table table{.columns = {{"Category", 3},
                            {"Prompts", 1, true},
                            {"Passed", 1, true},
                            {"Failed", 1, true},
                            {"Share passed", 2}},
                .sorts = true};
    for (const CategoryCounts& category : findings_.rows.categories) {
      const int64_t all = category.checks_passed + category.checks_failed;
      if (all == 0) continue;
      const double share = static_cast<double>(category.checks_passed) / static_cast<double>(all);
      const auto count = [](int64_t number) {
        return Cell{.text = CountText(number), .value = static_cast<double>(number)};
      };
      table.rows.push_back({{category.category.empty() ? "without category" : OneLine(category.category, 80)},
                            count(category.results),
                            count(category.checks_passed),
                            count(category.checks_failed),
                            {.text = NumberText(100 * share, 1) + " %", .share = share, .value = share}});
    }
    std::vector<Block> blocks = {std::move(table)};
    if (!findings_.rows.failed_checks.empty()) blocks.push_back(FailedChecks());
    Add("Checks by category", std::move(blocks));
  }

  Table FailedChecks() const {
    Table table{.columns = {{"#", 0.5, true}, {"Prompt", 3}, {"What was wanted and what was found", 4}},
                .most_lines = 4};
    for (const ShownResult& shown : findings_.rows.failed_checks) {
      std::string words;
      for (const auto& check : shown.result.checks()) {
        if (!check.passed()) words += fmt::format("{}{}: {}", words.empty() ? "" : "; ", check.kind(), check.detail());
      }
      table.rows.push_back(
          {{CountText(shown.result.prompt_id())}, {PromptBeginning(shown)}, {OneLine(words, 400), {}, true}});
    }
    return table;
  }

  void AddExtremes() {
    if (findings_.rows.slowest.empty()) return;
    Add("Slowest prompts", {ResultTable(findings_.rows.slowest)});
    Add("Fastest prompts", {ResultTable(findings_.rows.fastest)});
  }

  void AddErrors() {
    if (findings_.rows.errors.empty()) return;
    Table table{.columns = {{"Error type", 1.4}, {"Failed", 0.8, true}, {"What to do", 3}, {"The endpoint's words", 3}},
                .most_lines = 6};
    for (const ErrorExample& error : findings_.rows.errors) {
      std::string type = error.error_type;
      if (!error.outcome.empty() && error.outcome != type) type += " (" + error.outcome + ")";
      table.rows.push_back({{type, {}, true},
                            {CountText(error.count)},
                            {std::string(AdviceOn(error.error_type, error.outcome))},
                            {fmt::format("#{}: {}", error.prompt_id, OneLine(error.words, kLongestError))}});
    }
    Add("Errors by type", {std::move(table)});
  }

  void AddSamples() {
    std::vector<Block> samples;
    for (const ShownResult& shown : findings_.rows.samples) samples.push_back(SampleOf(shown));
    const bool wanted = !samples.empty();
    Add("Sample responses", std::move(samples), wanted);
  }

  std::vector<Cell> ExactRow(std::string name, bool has, std::initializer_list<const Duration*> spans) const {
    std::vector<Cell> row = {{std::move(name)}};
    for (const Duration* span : spans) row.push_back({has ? ExactMilliseconds(*span) : ""});
    return row;
  }

  // The digits of the metrics route, for who compares.
  void AddAllFigures() {
    Table table{.columns = {{"", 2.4},
                            {"Mean", 1, true},
                            {"p50", 1, true},
                            {"p90", 1, true},
                            {"p95", 1, true},
                            {"p99", 1, true},
                            {"Least", 1, true},
                            {"Greatest", 1, true}}};
    table.rows.push_back(
        ExactRow("Latency (ms)", metrics_.has_avg_latency(),
                 {&metrics_.avg_latency(), &metrics_.p50_latency(), &metrics_.p90_latency(), &metrics_.p95_latency(),
                  &metrics_.p99_latency(), &metrics_.min_latency(), &metrics_.max_latency()}));
    table.rows.push_back(
        ExactRow("Time to first token (ms)", metrics_.has_avg_ttft(),
                 {&metrics_.avg_ttft(), &metrics_.p50_ttft(), &metrics_.p90_ttft(), &metrics_.p95_ttft(),
                  &metrics_.p99_ttft(), &metrics_.min_ttft(), &metrics_.max_ttft()}));
    const auto exact = [](bool has, double value) {
      std::string text;
      if (has) AppendJsonNumber(value, text);
      return text;
    };
    Facts facts;
    facts.facts = {
        {"Prompts", fmt::format("{}: {} succeeded, {} failed", metrics_.total_prompts(), metrics_.completed_prompts(),
                                metrics_.failed_prompts())},
        {"Answers without text", fmt::to_string(metrics_.answers_without_text())},
        {"Input tokens", fmt::to_string(metrics_.total_input_tokens())},
        {"Output tokens", fmt::to_string(metrics_.total_output_tokens())},
        {"Mean output tokens", exact(metrics_.has_avg_output_tokens(), metrics_.avg_output_tokens())},
        {"Mean characters of an answer", exact(metrics_.has_avg_response_length(), metrics_.avg_response_length())},
        {"Output tokens per second",
         exact(metrics_.has_output_tokens_per_second(), metrics_.output_tokens_per_second())},
        {"Checks", metrics_.checks_passed() + metrics_.checks_failed() > 0
                       ? fmt::format("{} passed, {} failed", metrics_.checks_passed(), metrics_.checks_failed())
                       : ""}};
    std::erase_if(facts.facts, [](const auto& fact) { return fact.second.empty(); });
    Add("All figures", {std::move(table), std::move(facts)}, results() > 0);
  }

  void AddPrompts() {
    const std::vector<ShownResult>& listed = findings_.rows.listed;
    Table table = ResultTable(listed);
    table.sorts = true;
    std::vector<Block> blocks = {std::move(table)};
    if (static_cast<int64_t>(listed.size()) < results()) {
      blocks.push_back(Told(fmt::format("These are the first {} of {} results. CSV, XLSX and JSON hold all of them.",
                                        CountText(static_cast<int64_t>(listed.size())), CountText(results())),
                            Voice::kNote));
    }
    Add("Prompt by prompt", std::move(blocks), !listed.empty());
  }

  void AddConfiguration() {
    const auto& parameters = run_.parameters();
    Facts facts;
    const auto add = [&facts](std::string name, std::string value) {
      if (!value.empty()) facts.facts.emplace_back(std::move(name), std::move(value));
    };
    add("Model", OneLine(report_.session.model_id, kLongestFact));
    add("Endpoint", OneLine(report_.session.endpoint_origin, kLongestFact));
    add("Provider", report_.session.provider);
    add("Suite", OneLine(run_.test_suite_name(), kLongestFact));
    add("Run", run_.id());
    add("Status", EnumWord(run_.status()));
    add("Started", run_.has_started_at() ? MomentText(FromProto(run_.started_at())) : "");
    if (run_.has_started_at() && run_.has_completed_at()) {
      const absl::Duration took = FromProto(run_.completed_at()) - FromProto(run_.started_at());
      add("Took", DurationText(absl::ToDoubleMilliseconds(took)));
    }
    add("Concurrency", CountText(parameters.concurrency()));
    add("Streaming", parameters.stream() ? "yes" : "no");
    add("Temperature", NumberText(parameters.temperature(), 3));
    add("Output tokens at most", CountText(parameters.max_tokens()));
    if (parameters.has_lowered_max_tokens()) {
      add("Lowered to", CountText(parameters.lowered_max_tokens()) + ", since the model takes no more");
    }
    add("Time limit of an attempt", DurationText(parameters.timeout()));
    if (parameters.repeat() > 1) add("Each prompt run", Counted(parameters.repeat(), "time"));
    if (parameters.requests_per_minute() > 0)
      add("Starts a minute at most", CountText(parameters.requests_per_minute()));
    if (parameters.has_max_failures()) add("Given up after", Counted(parameters.max_failures(), "failure"));
    add("System prompt", OneLine(parameters.system_prompt(), kLongestFact));
    Add("Test configuration", {std::move(facts)});
  }

  const Report& report_;
  const finetunelab::batch_runner::v1::Run& run_;
  const finetunelab::analytics::v1::GetMetricsResponse& metrics_;
  const RunFindings& findings_;
  std::vector<Section>& sections_;
};

}  // namespace

void AddChapter(const Report& report, const RunFindings& findings, std::vector<Section>& sections) {
  Chapter(report, findings, sections).Add();
}

}  // namespace ftl::exporter
