#pragma once

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/export/report/document.h"

namespace ftl::exporter {

// How the figures are made: definitions, formulae, how many calls they are over, and where token counts come from.
Paragraph MethodNotes(const finetunelab::analytics::v1::GetMetricsResponse& metrics);

}  // namespace ftl::exporter
