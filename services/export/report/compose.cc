#include "services/export/report/compose.h"

#include <utility>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/chapter.h"
#include "services/export/report/readable.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

constexpr size_t kLongestName = 120;

std::string HostOf(const std::string& origin) {
  const size_t scheme = origin.find("://");
  return scheme == std::string::npos ? origin : origin.substr(scheme + 3);
}

std::string Progress(const RunFindings& findings) {
  return fmt::format("{} of {}", CountText(findings.metrics.completed_prompts() + findings.metrics.failed_prompts()),
                     Counted(findings.run.total_prompts(), "prompt"));
}

// What stands before everything else: that a run is not whole.
std::string StandingOf(const RunFindings& findings) {
  switch (findings.run.status()) {
    case finetunelab::batch_runner::v1::RUN_STATUS_PENDING:
    case finetunelab::batch_runner::v1::RUN_STATUS_RUNNING:
      return fmt::format("**This run is still going.** {} have a result; the figures are of these.",
                         Progress(findings));
    case finetunelab::batch_runner::v1::RUN_STATUS_CANCELLED:
      return fmt::format("**This run was cancelled** when {} had a result; the figures are of these.",
                         Progress(findings));
    case finetunelab::batch_runner::v1::RUN_STATUS_FAILED:
      return fmt::format("**This run could not go on** when {} had a result.", Progress(findings));
    default:
      return "";
  }
}

std::string VerdictOn(const RunFindings& findings) {
  std::string text = StandingOf(findings);
  if (!text.empty() && !findings.verdict.empty()) text += "\n\n";
  text += findings.verdict;
  return text.empty() ? "**No prompt has a result yet.**" : text;
}

std::string DetailsOf(const Report& report, const std::vector<RunFindings>& findings) {
  std::string suites;
  for (const RunFindings& run : findings) {
    const std::string name = OneLine(run.run.test_suite_name(), kLongestName);
    if (suites.find(name) == std::string::npos) suites += (suites.empty() ? "" : ", ") + name;
  }
  std::string details = OneLine(HostOf(report.session.endpoint_origin), kLongestName);
  if (!suites.empty()) details += "  \u00B7  " + suites;
  return details + "  \u00B7  " + MomentText(report.taken_at);
}

Table Overview(const std::vector<RunFindings>& findings) {
  Table table{.columns = {{"Run", 0.8},
                          {"Suite", 2.4},
                          {"Started", 1.8},
                          {"Status", 1.1},
                          {"Results", 1.1, true},
                          {"Success rate", 1.1, true},
                          {"p50 latency", 1.1, true},
                          {"p95 latency", 1.1, true},
                          {"Checks passed", 1.1, true}}};
  int number = 0;
  for (const RunFindings& run : findings) {
    const auto& metrics = run.metrics;
    const int32_t checks = metrics.checks_passed() + metrics.checks_failed();
    table.rows.push_back(
        {{fmt::to_string(++number)},
         {OneLine(run.run.test_suite_name(), kLongestName)},
         {run.run.has_started_at() ? MomentText(FromProto(run.run.started_at())) : ""},
         {EnumWord(run.run.status())},
         {CountText(metrics.completed_prompts() + metrics.failed_prompts())},
         {metrics.has_success_rate() ? NumberText(metrics.success_rate(), 1) + " %" : ""},
         {metrics.has_p50_latency() ? DurationText(metrics.p50_latency()) : ""},
         {metrics.has_p95_latency() ? DurationText(metrics.p95_latency()) : ""},
         {checks > 0 ? fmt::format("{} of {}", CountText(metrics.checks_passed()), CountText(checks)) : ""}});
  }
  return table;
}

// `-12.3 ms (-15 to -9.8)`.
std::string DifferenceText(const finetunelab::analytics::v1::PairedDifference& difference, std::string_view unit) {
  if (difference.n_pairs() == 0) return "";
  std::string text = NumberText(difference.median_difference(), 1) + std::string(unit);
  if (!difference.has_interval()) return text + " (too few to tell)";
  return text + fmt::format(" ({} to {})", NumberText(difference.interval().low(), 1),
                            NumberText(difference.interval().high(), 1));
}

// Each run against the one before it.
Section Comparisons(const std::vector<RunFindings>& findings) {
  Section section{.title = "Each run against the one before"};
  Table table{.columns = {{"Runs", 1.1},
                          {"Prompts", 0.9, true},
                          {"Succeeded in the later alone", 1.2, true},
                          {"In the earlier alone", 1.2, true},
                          {"Latency, median difference (95 % interval)", 2.2, true},
                          {"Faster", 0.8, true},
                          {"Slower", 0.8, true},
                          {"Output tokens, likewise", 1.8, true}}};
  std::string verdicts;
  for (size_t i = 1; i < findings.size(); ++i) {
    if (!findings[i].against_before) continue;
    const auto& told = *findings[i].against_before;
    table.rows.push_back({{fmt::format("{} against {}", i + 1, i)},
                          {CountText(told.n_pairs())},
                          {CountText(told.success().only_other())},
                          {CountText(told.success().only_base())},
                          {DifferenceText(told.latency_ms(), " ms")},
                          {CountText(told.latency_ms().faster())},
                          {CountText(told.latency_ms().slower())},
                          {DifferenceText(told.output_tokens(), "")}});
    verdicts += fmt::format("- **Run {} (other) against run {} (base).** {}\n", i + 1, i, told.verdict());
  }
  section.blocks.push_back(std::move(table));
  section.blocks.push_back(Told(verdicts));
  section.blocks.push_back(
      Told("Prompts are paired: the same words at the same place of both runs. Latency, tokens and time to first token "
           "are of prompts that succeeded in both; a difference below 0 means that the later run is faster or says "
           "less. Intervals are bootstrap percentiles of the median. Something is called a difference where its exact "
           "test, adjusted by Holm's method for the tests told together, is below 0.05.",
           Voice::kNote));
  return section;
}

Cover CoverOf(const Report& report, const std::vector<RunFindings>& findings) {
  Cover cover{.kind = "Batch test report",
              .title = OneLine(report.session.model_name, kLongestName),
              .details = DetailsOf(report, findings)};
  if (findings.empty()) {
    cover.verdict = Told("**This session has no run yet.** There is nothing to report.");
  } else if (findings.size() == 1) {
    cover.verdict = Told(VerdictOn(findings.front()));
  } else {
    cover.verdict =
        Told(fmt::format("**{}.** Of the latest: {}", Counted(static_cast<int64_t>(report.runs.size()), "run"),
                         VerdictOn(findings.back())));
  }
  return cover;
}

}  // namespace

Document Compose(const Report& report, const std::vector<RunFindings>& findings) {
  Document document{.title = "Batch test of " + OneLine(report.session.model_name, kLongestName),
                    .subject = "Results of a batch test: latency, success, checks and answers",
                    .made_at = report.taken_at,
                    .cover = CoverOf(report, findings),
                    .footer = "Powered by FineTuneLab"};
  if (findings.size() == 1) {
    AddChapter(report, findings.front(), document.sections);
    return document;
  }
  if (findings.empty()) return document;
  Section overview{.title = "Runs at a glance", .blocks = {Overview(findings)}};
  if (findings.size() < report.runs.size()) {
    overview.blocks.push_back(
        Told(fmt::format("The session has {} runs; these are the latest {}. CSV and JSON hold all.", report.runs.size(),
                         findings.size()),
             Voice::kNote));
  }
  document.sections.push_back(std::move(overview));
  document.sections.push_back(Comparisons(findings));
  int number = 0;
  for (const RunFindings& run : findings) {
    Section chapter{.title = fmt::format("Run {}: {}", ++number, OneLine(run.run.test_suite_name(), kLongestName)),
                    .level = 1};
    chapter.blocks.push_back(Told(VerdictOn(run)));
    document.sections.push_back(std::move(chapter));
    AddChapter(report, run, document.sections);
  }
  return document;
}

}  // namespace ftl::exporter
