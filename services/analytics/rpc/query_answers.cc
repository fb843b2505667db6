#include "services/analytics/rpc/query_answers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/narrator/facts.h"
#include "services/analytics/narrator/link.h"
#include "services/analytics/narrator/naming.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/run_facts.h"
#include "services/analytics/narrator/table.h"
#include "services/analytics/query/executor.h"
#include "services/analytics/store/download_tokens.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

// Results that a download is cut to at most; of more, the whole run is offered.
constexpr int kMostExported = 100'000;

std::string RunsText(const Language& language, const SessionRuns& known) {
  const auto count = static_cast<double>(known.runs.size());
  return language.Say("run.runs", {{"n", CountText(language, count), count}});
}

// How results are handed out.
enum class Handout { kAll, kChosen, kNone, kTooMany, kReport };

std::string ExportText(const Language& language, const pb::Query& query, Handout handout, size_t chosen) {
  constexpr std::string_view kKeys[] = {"export.whole", "export.chosen", "export.none", "export.too_many",
                                        "export.report"};
  const std::string& format = query.export_format();
  const auto count = static_cast<double>(chosen);
  return language.Say(kKeys[static_cast<size_t>(handout)],
                      {{"format", format == "jsonl" ? "JSON Lines" : absl::AsciiStrToUpper(format)},
                       {"k", CountText(language, count), count},
                       {"filters", FiltersText(language, query)}});
}

bool IsReport(const std::string& format) { return format == "pdf" || format == "html"; }

const RunFacts& RunToExport(const SessionRuns& known, const std::string& run_id, const pb::Query& query) {
  int number = static_cast<int>(known.runs.size());
  for (const RunFacts& run : known.runs) {
    if (run.id == run_id) number = run.number;
  }
  for (const pb::Filter& filter : query.filters()) {
    if (filter.field() != pb::FILTER_FIELD_RUN) continue;
    const int said = static_cast<int>(filter.number());
    number = said > 0 ? said : static_cast<int>(known.runs.size()) + said;
  }
  number = std::clamp(number, 1, static_cast<int>(known.runs.size()));
  return known.runs[static_cast<size_t>(number) - 1];
}

}  // namespace

QueryAnswers::QueryAnswers(Database& database, const CallContext& call, std::string session, std::string run_id,
                           SessionRuns known, const Language& language, AnswerPieces& pieces)
    : database_(database),
      call_(call),
      session_(std::move(session)),
      run_id_(std::move(run_id)),
      known_(std::move(known)),
      language_(language),
      pieces_(pieces) {}

std::vector<std::string> QueryAnswers::Names() const {
  std::vector<std::string> names;
  for (const RunFacts& run : known_.runs) {
    names.push_back(run.model);
    names.push_back(run.suite);
  }
  return names;
}

Task<> QueryAnswers::WriteCall(const pb::Query& query, const std::string& id, Planner planner) {
  const bool by_model = planner == Planner::kOwnModel;
  pb::AnswerPiece piece;
  pb::ToolCall& told = *piece.mutable_tool_call();
  told.set_id(id);
  told.set_tool(ToolOf(query));
  const std::string text = QueryText(language_, query);
  told.set_query_text(by_model ? language_.Say("query.by_model", {{"query", text}}) : text);
  *told.mutable_query() = query;
  if (by_model) told.set_by_model(true);
  co_return co_await pieces_.Write(std::move(piece));
}

Task<> QueryAnswers::WriteResult(pb::ToolResult& table, const std::string& id) {
  table.set_id(id);
  pb::AnswerPiece piece;
  *piece.mutable_tool_result() = table;
  co_return co_await pieces_.Write(std::move(piece));
}

Task<> QueryAnswers::WriteProse(Prose prose) {
  told_ += (told_.empty() ? "" : "\n\n") + prose.text;
  facts_.insert(facts_.end(), prose.facts.begin(), prose.facts.end());
  co_return co_await pieces_.Paragraph(std::move(prose));
}

Task<Finding> QueryAnswers::Find(const pb::Query& query) {
  co_return co_await Execute(database_, call_, session_, known_, run_id_, query);
}

Task<pb::ToolResult> QueryAnswers::AnswerRuns() {
  Prose prose{.text = RunsText(language_, known_)};
  CO_TRY(co_await WriteProse(std::move(prose)));
  co_return pb::ToolResult();
}

Task<pb::ToolResult> QueryAnswers::AnswerExport(const pb::Query& query, const std::string& id) {
  const RunFacts& run = RunToExport(known_, run_id_, query);
  const pb::Query wanted = WithoutRun(query);
  Handout handout = Handout::kAll;
  std::optional<std::vector<int32_t>> chosen;
  if (wanted.filters_size() + wanted.among_size() + wanted.slices_size() > 0 || wanted.has_limit()) {
    RunScope scope;
    scope.session = session_;
    scope.run = run.id;
    CO_TRY(chosen, co_await FindChosen(database_, call_, std::move(scope), wanted, kMostExported + 1));
    handout = IsReport(query.export_format())       ? Handout::kReport
              : chosen->empty()                     ? Handout::kNone
              : std::ssize(*chosen) > kMostExported ? Handout::kTooMany
                                                    : Handout::kChosen;
  }
  pb::ToolResult result;
  result.set_total(handout == Handout::kChosen || handout == Handout::kNone ? std::ssize(*chosen) : run.results());
  ResultsLink link({run});
  if (handout == Handout::kChosen) link.Where(wanted);
  if (handout == Handout::kChosen && !link.Path()) {
    link = ResultsLink({run});
    link.Only(*chosen);
  }
  result.set_link(link.PathOrNothing());
  CO_TRY(co_await WriteResult(result, id));
  Finding of_run;
  of_run.runs = {run};
  Telling telling(language_);
  const std::string text =
      TellState(telling, of_run) + ExportText(language_, wanted, handout, chosen ? chosen->size() : 0);
  CO_TRY(co_await WriteProse(telling.Finish(text)));
  if (handout == Handout::kNone) co_return result;
  if (handout != Handout::kChosen) chosen.reset();
  CO_TRY(const std::string token,
         co_await OfferDownload(database_, call_, session_, run.id, query.export_format(), std::move(chosen)));
  pb::AnswerPiece piece;
  pb::ExportLink& download = *piece.mutable_export_();
  download.set_format(query.export_format());
  download.set_path(fmt::format("/api/demo/v2/export?format={}&token={}", query.export_format(), token));
  CO_TRY(co_await pieces_.Write(std::move(piece)));
  co_return result;
}

Task<pb::ToolResult> QueryAnswers::Answer(const pb::Query& query, Planner planner) {
  const std::string id = fmt::format("query-{}", ++calls_);
  CO_TRY(co_await WriteCall(query, id, planner));
  if (query.presentation() == pb::PRESENTATION_EXPORT) {
    exports_ = true;
    const absl::StatusOr<pb::Query> numbered = WithRunsNumbered(known_, run_id_, query);
    if (!numbered.ok()) co_return co_await AnswerRuns();
    co_return co_await AnswerExport(*numbered, id);
  }
  const absl::StatusOr<Finding> finding = co_await Find(query);
  if (!finding.ok() && ReasonOf(finding.status()) == Reason::kRunNotFound) co_return co_await AnswerRuns();
  CO_TRY(finding.status());
  pb::ToolResult table = TableOf(*finding);
  CO_TRY(co_await WriteResult(table, id));
  Telling telling(language_);
  const std::string text = TellFacts(telling, *finding);
  CO_TRY(co_await WriteProse(telling.Finish(text)));
  co_return table;
}

}  // namespace ftl::analytics
