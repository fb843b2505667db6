#include "services/export/writer/junit_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/export/report/readable.h"
#include "services/export/report/wording.h"
#include "services/export/writer/html/escape.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr size_t kLongestName = 120;
constexpr size_t kLongestOutput = 20'000;

std::string Escaped(std::string_view text) {
  std::string out;
  AppendHtml(text, out);
  return out;
}

bool IsCase(const runner::Result& result) { return !result.success() || result.checks_size() > 0; }

int32_t NotCalled(const runner::Run& run) {
  return run.total_prompts() - run.completed_prompts() - run.failed_prompts();
}

bool EndedBadly(const runner::Run& run) {
  return run.status() == runner::RUN_STATUS_FAILED || run.status() == runner::RUN_STATUS_CANCELLED || IsGoing(run);
}

bool HasNoText(const runner::Result& result) {
  using namespace finetunelab::endpoint::v1;
  return result.outcome() == OUTCOME_EMPTY || result.outcome() == OUTCOME_REASONING_ONLY ||
         result.outcome() == OUTCOME_LENGTH_EMPTY;
}

void AppendFailures(const runner::Result& result, std::string& out) {
  for (const runner::CheckOutcome& check : result.checks()) {
    if (check.passed()) continue;
    out += fmt::format("<failure type=\"{}\" message=\"{}\"/>", Escaped(check.kind()), Escaped(check.detail()));
  }
}

}  // namespace

void JunitWriter::Begin(const Report& report, std::string& out) {
  report_ = report;
  out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  int64_t tests = 0, failures = 0, errors = 0;
  for (size_t i = 0; i < report.cases.size(); ++i) {
    const bool bad = EndedBadly(report.runs[i]);
    tests += report.cases[i].cases + bad;
    failures += report.cases[i].failures;
    errors += report.cases[i].errors + bad;
  }
  out += fmt::format("<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
                     Escaped("FineTuneLab: " + report.session.model_name), tests, failures, errors);
  if (!report_.runs.empty()) OpenSuite(out);
}

void JunitWriter::OpenSuite(std::string& out) {
  const runner::Run& run = report_.runs[run_];
  const CaseCounts& counts = report_.cases[run_];
  const bool bad = EndedBadly(run);
  out +=
      fmt::format("<testsuite name=\"{}\" id=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\">\n",
                  Escaped(run.test_suite_name()), run.id(), counts.cases + bad, counts.failures, counts.errors + bad);
}

void JunitWriter::CloseSuite(std::string& out) {
  const runner::Run& run = report_.runs[run_++];
  if (EndedBadly(run)) {
    out += fmt::format(
        "<testcase classname=\"run\" name=\"the run ends well\"><error type=\"{}\" message=\"{}\"/></testcase>\n",
        EnumWord(run.status()),
        Escaped(fmt::format("The run is {}: {} have no result. {}", EnumWord(run.status()),
                            Counted(NotCalled(run), "prompt"), run.error())));
  }
  out += "</testsuite>\n";
}

void JunitWriter::Add(const runner::Result& result, std::string& out) {
  while (report_.runs[run_].id() != result.test_run_id()) {
    CloseSuite(out);
    OpenSuite(out);
  }
  if (!IsCase(result)) return;
  out += fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\">",
                     Escaped(result.has_category() ? result.category() : "prompts"),
                     Escaped(fmt::format("#{} {}", result.prompt_id(), OneLine(result.prompt(), kLongestName))),
                     Milliseconds(result.latency()) / 1000);
  if (!result.success()) {
    out += fmt::format("<error type=\"{}\" message=\"{}\"/>", EnumWord(result.error_type()), Escaped(result.error()));
  } else {
    AppendFailures(result, out);
  }
  if (result.has_response()) {
    out += "<system-out>" + Escaped(Beginning(result.response(), kLongestOutput)) + "</system-out>";
  }
  if (HasNoText(result)) {
    out += fmt::format("<system-err>The answer has no text ({}).</system-err>", EnumWord(result.outcome()));
  }
  out += "</testcase>\n";
}

void JunitWriter::End(std::string& out) {
  while (run_ < report_.runs.size()) {
    CloseSuite(out);
    if (run_ < report_.runs.size()) OpenSuite(out);
  }
  out += "</testsuites>\n";
}

}  // namespace ftl::exporter
