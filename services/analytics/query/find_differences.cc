#include "services/analytics/query/find_differences.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/error/try.h"
#include "services/analytics/compare/tested_difference.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/semantics/column.h"

namespace ftl::analytics {
namespace {

void Tell(pb::TestedDifference tested, const pb::Figure& figure, std::string base, std::string other,
          Finding& finding) {
  tested.set_column(FigureColumn(figure));
  tested.set_base(std::move(base));
  tested.set_other(std::move(other));
  finding.differences.push_back(std::move(tested));
}

std::string NameOf(const RunFacts& run) { return fmt::format("run {}", run.number); }

void KeepRunsTold(Finding& finding) {
  const auto is_told = [&](const FoundGroup& group) {
    return std::ranges::any_of(finding.runs, [&](const RunFacts& run) { return group.name == NameOf(run); });
  };
  std::erase_if(finding.groups, [&](const FoundGroup& group) { return !is_told(group); });
}

Task<> FindPaired(Database& database, const CallContext& call, const RunScope& scope, Finding& finding) {
  const CompiledQuery compiled = CompilePairs(finding.query, scope, finding.base->id, finding.other->id);
  std::vector<Statement> statements = {{Query{"", compiled.sql}, compiled.params}};
  CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  for (size_t i = 0; i < figures.size(); ++i) {
    const Compared compared = ComparedAs(finding.query, figures[i]);
    if (compared == Compared::kNot) continue;
    std::vector<std::pair<bool, bool>> outcomes;
    std::vector<double> differences;
    for (const Row row : rows[0]) {
      const auto base = row.Get<std::optional<double>>(fmt::format("b{}", i));
      const auto other = row.Get<std::optional<double>>(fmt::format("o{}", i));
      if (!base || !other) continue;
      outcomes.emplace_back(*base > 0, *other > 0);
      differences.push_back(*other - *base);
    }
    Tell(compared == Compared::kShares ? TestPairedOutcomes(outcomes) : TestPairedValues(differences), figures[i],
         NameOf(*finding.base), NameOf(*finding.other), finding);
  }
  co_return absl::OkStatus();
}

std::map<std::string, MiddleValues> MiddlesIn(const Rows& rows) {
  std::map<std::string, MiddleValues> middles;
  for (const Row row : rows) {
    MiddleValues& middle = middles[row.Get<std::optional<std::string>>("name").value_or("")];
    if (middle.values.empty()) middle.first = row.Get<int64_t>("place") - 1;
    middle.n = row.Get<int64_t>("n");
    middle.values.push_back(row.Get<double>("value"));
  }
  return middles;
}

Share ShareIn(const FoundFigure& found, const pb::Figure& figure) {
  const double value = found.value.value_or(0);
  const bool is_count = figure.statistic() == pb::STATISTIC_COUNT;
  return {std::llround(is_count ? value : value * static_cast<double>(found.n)), found.n};
}

Task<> FindUnpaired(Database& database, const CallContext& call, const RunScope& scope, Finding& finding) {
  const std::vector<pb::Figure> figures = FiguresOf(finding.query);
  const std::vector<FoundGroup>& groups = finding.groups;
  for (size_t i = 0; i < figures.size(); ++i) {
    const Compared compared = ComparedAs(finding.query, figures[i]);
    if (compared == Compared::kNot) continue;
    std::map<std::string, MiddleValues> middles;
    if (compared == Compared::kValues) {
      const CompiledQuery compiled = CompileMiddle(finding.query, figures[i], scope);
      std::vector<Statement> statements = {{Query{"", compiled.sql}, compiled.params}};
      CO_TRY(const std::vector<Rows> rows, co_await RunScoped(database, call, scope, std::move(statements)));
      middles = MiddlesIn(rows[0]);
    }
    for (size_t base = 0; base < groups.size(); ++base) {
      for (size_t other = base + 1; other < groups.size(); ++other) {
        Tell(compared == Compared::kShares ? TestShares(ShareIn(groups[base].figures[i], figures[i]),
                                                        ShareIn(groups[other].figures[i], figures[i]))
                                           : TestValues(middles[groups[base].name], middles[groups[other].name]),
             figures[i], groups[base].name, groups[other].name, finding);
      }
    }
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<> FindDifferences(Database& database, const CallContext& call, const RunScope& scope, Finding& finding) {
  if (finding.query.group_by() == pb::GROUPING_RUN) {
    KeepRunsTold(finding);
    if (finding.base) CO_TRY(co_await FindPaired(database, call, scope, finding));
  } else if (finding.groups.size() <= kMostCompared) {
    CO_TRY(co_await FindUnpaired(database, call, scope, finding));
  }
  SettleVerdicts(finding.differences);
  co_return absl::OkStatus();
}

}  // namespace ftl::analytics
