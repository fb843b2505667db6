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
  kFigures,    // `name` (text, null where not grouped), `results`, and v0, n0, v1, n1, … for each figure
  kList,       // results and their `value`; `total` is how many there are in all
  kHistogram,  // as metrics/histogram reads it
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

// A query as parameterised SQL over the results in `scope`. Pure: whatever came from a person is a parameter. The runs
// a query names are the scope's, not the SQL's; `base` is the id of the run that STATISTIC_DIFFERENCE compares with.
// What a summary needs is several queries, and facts of a run none: see executor.
CompiledQuery Compile(const pb::Query& query, const RunScope& scope, const std::string& base = "");

// Of a list, the result of this prompt of the scope's run, found by its key.
CompiledQuery CompileOne(const pb::Query& query, const RunScope& scope, int32_t prompt_id);

}  // namespace ftl::analytics
