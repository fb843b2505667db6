#include "services/analytics/query/executor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/metrics/run_metrics.h"
#include "services/analytics/query/find_differences.h"
#include "services/analytics/query/run_summary.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/query/summary_queries.h"

namespace ftl::analytics {
namespace {

struct Chosen {
  RunScope scope;
  std::vector<RunFacts> runs;
  std::optional<RunFacts> base;
  std::optional<RunFacts> other;
};

// The run that a number of the language means: from 1 for the first, 0 for the latest, -1 for the one before `latest`.
absl::StatusOr<RunFacts> RunNumbered(const SessionRuns& known, double said, int latest) {
  const int count = static_cast<int>(known.runs.size());
  const auto whole = static_cast<int>(std::lround(std::clamp(said, -1e6, 1e6)));
  const int number = whole > 0 ? whole : latest + whole;
  if (number >= 1 && number <= count) return known.runs[static_cast<size_t>(number) - 1];
  return Refuse(Reason::kRunNotFound, fmt::format("This session has {} {}.", count, count == 1 ? "run" : "runs"));
}

// The two runs that are compared, and those that are told.
absl::Status ChooseTwo(const SessionRuns& known, std::optional<double> said, int latest, const pb::Query& query,
                       Chosen& chosen) {
  chosen.runs = known.runs;
  if (!said && !query.has_base_run() && latest < 2) return absl::OkStatus();
  TRY(RunFacts other, RunNumbered(known, said.value_or(0), latest));
  TRY(RunFacts base,
      RunNumbered(known, query.has_base_run() ? query.base_run() : -1, query.has_base_run() ? latest : other.number));
  const bool named = said || query.has_base_run();
  if (named) chosen.runs = {base, other};
  if (base.number > other.number) std::reverse(chosen.runs.begin(), chosen.runs.end());
  if (base.number == other.number) {
    chosen.runs = {std::move(base)};
    return absl::OkStatus();
  }
  chosen.base = std::move(base);
  chosen.other = std::move(other);
  return absl::OkStatus();
}

// The number of the run that is spoken of where none is named.
int LatestOf(const SessionRuns& known, std::string_view run_id) {
  for (const RunFacts& run : known.runs) {
    if (run.id == run_id) return run.number;
  }
  return static_cast<int>(known.runs.size());
}

absl::StatusOr<Chosen> Choose(const SessionRuns& known, std::string session, const std::string& run_id,
                              const pb::Query& query) {
  Chosen chosen;
  chosen.scope.session = std::move(session);
  const int latest = LatestOf(known, run_id);
  double said = 0;
  bool named = false;
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) {
      if (filter.field() != pb::FILTER_FIELD_RUN) continue;
      named = true;
      said = filter.number();
    }
  }
  if (query.compares() && query.group_by() == pb::GROUPING_RUN) {
    TRY(ChooseTwo(known, named ? std::optional<double>(said) : std::nullopt, latest, query, chosen));
    return chosen;
  }
  if (!named && (query.all_runs() || query.group_by() == pb::GROUPING_RUN)) {
    chosen.runs = known.runs;
    return chosen;
  }
  TRY(RunFacts run, RunNumbered(known, said, latest));
  chosen.scope.run = run.id;
  if (query.statistic() == pb::STATISTIC_DIFFERENCE) {
    TRY(chosen.base, RunNumbered(known, query.has_base_run() ? query.base_run() : -1, run.number));
  }
  chosen.runs = {std::move(run)};
  return chosen;
}

int NumberOf(const SessionRuns& known, std::string_view id) {
  for (const RunFacts& run : known.runs) {
    if (run.id == id) return run.number;
  }
  return 0;
}

std::vector<FoundGroup> GroupsOf(const Rows& rows, const pb::Query& query, const SessionRuns& known) {
  const size_t figures = FiguresOf(query).size();
  std::vector<FoundGroup> groups;
  for (const Row row : rows) {
    FoundGroup group;
    group.name = row.Get<std::optional<std::string>>("name").value_or("");
    if (query.group_by() == pb::GROUPING_RUN) group.name = fmt::format("run {}", NumberOf(known, group.name));
    group.results = row.Get<int64_t>("results");
    for (size_t i = 0; i < figures; ++i) {
      group.figures.push_back(
          {row.Get<std::optional<double>>(fmt::format("v{}", i)), row.Get<int64_t>(fmt::format("n{}", i))});
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

bool Holds(const pb::GroupBound& bound, std::optional<double> value, std::optional<double> number) {
  if (!value || !number) return false;
  switch (bound.comparison()) {
    case pb::COMPARISON_LESS:
      return *value < *number;
    case pb::COMPARISON_LESS_OR_EQUAL:
      return *value <= *number;
    case pb::COMPARISON_GREATER:
      return *value > *number;
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return *value >= *number;
    case pb::COMPARISON_NOT_EQUAL:
      return *value != *number;
    default:
      return *value == *number;
  }
}

// Keeps the groups that the query's bound holds of.
Task<> KeepBounded(Database& database, const CallContext& call, const RunScope& scope, Finding& finding) {
  const pb::GroupBound& bound = finding.query.having();
  finding.grouped = std::ssize(finding.groups);
  finding.bound = bound.number();
  if (bound.than_all()) {
    const CompiledQuery compiled = CompileTogether(finding.query, scope);
    std::vector<Statement> statements = {{Query{"", compiled.sql}, compiled.params}};
    CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
    finding.bound = rows[0].Only().Get<std::optional<double>>("v0");
  }
  const auto is_left_out = [&](const FoundGroup& group) {
    return !Holds(bound, group.figures[0].value, finding.bound);
  };
  finding.excluded = static_cast<int64_t>(std::erase_if(finding.groups, is_left_out));
  co_return absl::OkStatus();
}

bool IsSame(std::optional<double> one, std::optional<double> other) { return one && other && *one == *other; }

// Keeps the groups that the query asks for, and counts those behind them that are as good as the last.
void KeepRanked(Finding& finding) {
  const auto most = static_cast<size_t>(MostGroups(finding.query));
  std::vector<FoundGroup>& groups = finding.groups;
  if (groups.size() <= most) return;
  const std::optional<double> last = groups[most - 1].figures[0].value;
  finding.ties = std::count_if(groups.begin() + static_cast<ptrdiff_t>(most), groups.end(),
                               [&](const FoundGroup& group) { return IsSame(group.figures[0].value, last); });
  groups.resize(most);
}

FoundResult ResultIn(const Row& row, const SessionRuns& known) {
  FoundResult result;
  result.prompt_id = row.Get<int32_t>("prompt_id");
  result.run = NumberOf(known, row.Get<std::string_view>("test_run_id"));
  result.prompt = row.Get<std::string>("prompt");
  result.success = row.Get<bool>("success");
  result.value = row.Get<std::optional<double>>("value");
  result.base_value = row.Get<std::optional<double>>("base_value");
  result.group = row.Get<std::optional<std::string>>("group_name").value_or("");
  result.category = row.Get<std::optional<std::string>>("category");
  result.response = row.Get<std::optional<std::string>>("response");
  result.error = row.Get<std::optional<std::string>>("error");
  result.error_type = row.Get<std::optional<std::string>>("error_type");
  result.finish_reason = row.Get<std::optional<std::string>>("finish_reason");
  result.failed_checks = row.Get<std::optional<std::string>>("failed_checks");
  result.latency_ms = row.Get<std::optional<double>>("latency_ms");
  result.ttft_ms = row.Get<std::optional<double>>("ttft_ms");
  result.tokens_per_second = row.Get<std::optional<double>>("tokens_per_second");
  result.input_tokens = row.Get<std::optional<int32_t>>("input_tokens");
  result.output_tokens = row.Get<std::optional<int32_t>>("output_tokens");
  result.characters = row.Get<std::optional<int32_t>>("response_chars");
  result.words = row.Get<std::optional<int32_t>>("response_words");
  result.same_as = row.Get<std::optional<int32_t>>("same_as");
  result.attempts = row.Get<int32_t>("attempts");
  result.tokens_estimated = row.Get<bool>("tokens_estimated");
  return result;
}

// The same for results, of which one more was read.
Task<> KeepRanked(Database& database, const CallContext& call, const RunScope& scope, Finding& finding) {
  std::vector<FoundResult>& results = finding.results;
  const auto most = static_cast<size_t>(RowsOf(finding.query));
  if (results.size() <= most) co_return absl::OkStatus();
  const std::optional<double> next = results[most].value;
  results.resize(most);
  if (!IsSame(results.back().value, next)) co_return absl::OkStatus();
  const CompiledQuery ties = CompileTies(finding.query, scope, *next);
  std::vector<Statement> statements = {{Query{"", ties.sql}, ties.params}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  finding.ties = rows[0].Only().Get<int64_t>("results") -
                 std::count_if(results.begin(), results.end(),
                               [&](const FoundResult& result) { return IsSame(result.value, next); });
  co_return absl::OkStatus();
}

Task<> Summarise(Database& database, const CallContext& call, const RunScope& scope, const SessionRuns& known,
                 Finding& finding) {
  CO_TRY(const std::optional<EndedRun> ended, co_await FindSummary(database, call, scope));
  if (ended) {
    finding.metrics = ended->summary.metrics();
    finding.cut_answers = ended->summary.cut_answers();
    finding.answers_without_text = ended->summary.answers_without_text();
    if (!ended->summary.has_slowest_prompt_id()) co_return absl::OkStatus();
    RunScope own = scope;
    own.run = ended->id;
    const CompiledQuery one = CompileOne(SlowestQuery(), own, ended->summary.slowest_prompt_id());
    std::vector<Statement> statements = {{Query{"", one.sql}, one.params}};
    CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, own, std::move(statements)));
    finding.slowest = ResultIn(rows[0].Only(), known);
    co_return absl::OkStatus();
  }
  const CompiledQuery slowest = Compile(SlowestQuery(), scope);
  const CompiledQuery cut = Compile(CutAnswersQuery(), scope);
  const CompiledQuery without_text = Compile(WithoutTextQuery(), scope);
  std::vector<Statement> statements = {AskMetrics(scope, std::nullopt),
                                       {Query{"", slowest.sql}, slowest.params},
                                       {Query{"", cut.sql}, cut.params},
                                       {Query{"", without_text.sql}, without_text.params}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  finding.metrics = MetricsOf(rows[0]);
  if (!rows[1].empty()) finding.slowest = ResultIn(rows[1][0], known);
  finding.cut_answers = rows[2].Only().Get<int64_t>("results");
  finding.answers_without_text = rows[3].Only().Get<int64_t>("results");
  co_return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Query> WithRunsNumbered(const SessionRuns& known, std::string_view run_id, pb::Query query) {
  for (auto* filters : {query.mutable_among(), query.mutable_filters()}) {
    for (pb::Filter& filter : *filters) {
      if (!filter.has_in_run()) continue;
      TRY(const RunFacts run, RunNumbered(known, filter.in_run(), LatestOf(known, run_id)));
      filter.set_in_run(run.number);
    }
  }
  return query;
}

Task<Finding> Execute(Database& database, const CallContext& call, std::string session, const SessionRuns& known,
                      std::string run_id, pb::Query query) {
  CO_TRY(query, WithRunsNumbered(known, run_id, std::move(query)));
  CO_TRY(Chosen chosen, Choose(known, std::move(session), run_id, query));
  Finding finding;
  finding.query = std::move(query);
  finding.runs = std::move(chosen.runs);
  finding.known_runs = static_cast<int>(known.runs.size());
  finding.base = std::move(chosen.base);
  finding.other = std::move(chosen.other);
  if (finding.query.measure() == pb::MEASURE_RUN) co_return finding;
  if (finding.query.statistic() == pb::STATISTIC_SUMMARY) {
    CO_TRY(co_await Summarise(database, call, chosen.scope, known, finding));
    co_return finding;
  }
  const CompiledQuery compiled = Compile(finding.query, chosen.scope, finding.base ? finding.base->id : "");
  std::vector<Statement> statements = {{Query{"", compiled.sql}, compiled.params}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, chosen.scope, std::move(statements)));
  switch (compiled.shape) {
    case Shape::kFigures:
      finding.groups = GroupsOf(rows[0], finding.query, known);
      if (finding.query.has_having()) CO_TRY(co_await KeepBounded(database, call, chosen.scope, finding));
      KeepRanked(finding);
      if (finding.query.compares()) CO_TRY(co_await FindDifferences(database, call, chosen.scope, finding));
      break;
    case Shape::kList:
      for (const Row row : rows[0]) finding.results.push_back(ResultIn(row, known));
      finding.total = rows[0].empty() ? 0 : rows[0][0].Get<int64_t>("total");
      if (IsRanked(finding.query)) {
        CO_TRY(co_await KeepRanked(database, call, chosen.scope, finding));
      }
      break;
    case Shape::kHistogram:
      finding.histogram = HistogramOf(rows[0]);
      break;
  }
  co_return finding;
}

Task<std::vector<int32_t>> FindChosen(Database& database, const CallContext& call, RunScope scope, pb::Query query,
                                      int most) {
  const CompiledQuery compiled = CompileChosen(query, scope, most);
  std::vector<Statement> statements = {{Query{"", compiled.sql}, compiled.params}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  std::vector<int32_t> prompts;
  for (const Row row : rows[0]) prompts.push_back(row.Get<int32_t>("prompt_id"));
  co_return prompts;
}

}  // namespace ftl::analytics
