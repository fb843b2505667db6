#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/db/params.h"
#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// What the rows of a compiled query are.
enum class Shape {
  // `name` (text, null where not grouped), `results`, and v0, n0, v1, n1, … for each figure; where groups are ranked,
  // all of them, whatever the query's limit
  kFigures,
  // results and their `value`; `total` is how many there are in all; where they are ranked, one more than are listed
  kList,
  kHistogram,  // as metrics/histogram reads it
  kChosen,     // as CompileChosen says
  kPairs,      // as CompilePairs says
  kMiddle,     // as CompileMiddle says
};

struct CompiledQuery {
  Shape shape;
  std::string sql;
  Params params;
};

// The figures a query asks for, in order: its own, then `also`. MEASURE_RESPONSE_LENGTH becomes tokens and characters.
std::vector<pb::Figure> FiguresOf(const pb::Query& query);

// Whether the list a query asks for is ordered by its measure.
bool IsRanked(const pb::Query& query);

// How many results a list shows at the most, and how many groups figures are told of.
int RowsOf(const pb::Query& query);
int MostGroups(const pb::Query& query);

// A query as parameterised SQL over the results in `scope`. Pure: whatever came from a person is a parameter. The runs
// a query names are the scope's, not the SQL's; `base` is the id of the run that STATISTIC_DIFFERENCE compares with.
// What a summary needs is several queries, and facts of a run none: see executor.
CompiledQuery Compile(const pb::Query& query, const RunScope& scope, const std::string& base = "");

// The figures of a query with groups over the results of all groups together, as one row.
CompiledQuery CompileTogether(const pb::Query& query, const RunScope& scope);

// How many results of a ranked list have this value, as `results`.
CompiledQuery CompileTies(const pb::Query& query, const RunScope& scope, double value);

// Of a list, the result of this prompt of the scope's run, found by its key.
CompiledQuery CompileOne(const pb::Query& query, const RunScope& scope, int32_t prompt_id);

// The prompts of the scope's run that a query chooses, as `prompt_id`, at most `most`: those that it would list, all of
// them where it names no limit.
CompiledQuery CompileChosen(const pb::Query& query, const RunScope& scope, int most);

// How a figure can be compared between groups.
enum class Compared {
  kNot,     // no test is known
  kShares,  // so many of so many
  kValues,  // by the median of its measure
};
Compared ComparedAs(const pb::Query& query, const pb::Figure& figure);

// For a query that compares two runs: prompts that stand at the same place of both in the same words and that the query
// chooses in both, with b0, o0, b1, o1, … for each figure that can be compared: its value in `base` and in `other`, 1
// or 0 for shares, null where it has none. `scope` names no run.
CompiledQuery CompilePairs(const pb::Query& query, const RunScope& scope, const std::string& base,
                           const std::string& other);

// For a query that compares groups: the middle values of a figure in each group, as compare/unpaired.h has them:
// `name`, `n`, `place` (from 1) and `value`, by name and place.
CompiledQuery CompileMiddle(const pb::Query& query, const pb::Figure& figure, const RunScope& scope);

}  // namespace ftl::analytics
