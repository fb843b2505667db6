#pragma once

#include <string>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// `avg_latency_ms`: a figure's column, as in the metrics of the HTTP contract where it is there.
std::string FigureColumn(const finetunelab::analytics::v1::Figure& figure);
// `latency_ms`.
std::string MeasureColumn(finetunelab::analytics::v1::Measure measure);

}  // namespace ftl::analytics
