#pragma once

#include <string>

#include <absl/time/time.h>

#include "finetunelab/analytics/v1/comparisons_service.pb.h"
#include "finetunelab/batch_runner/v1/comparison.pb.h"
#include "services/export/report/document.h"

namespace ftl::exporter {

// What a file tells of a comparison. All as analytics gives it, so that models which it hides are hidden here.
struct ComparisonReport {
  absl::Time taken_at;
  finetunelab::batch_runner::v1::Comparison comparison;
  finetunelab::analytics::v1::GetStandingsResponse standings;  // of its project

  bool is_going() const;
  // What a column is called: its model, with its number where two are the same; by the number alone where models are
  // hidden.
  std::string NameOf(int index) const;
};

// Puts it into words: every sentence and every number of PDF and Markdown.
Document Compose(const ComparisonReport& report);

}  // namespace ftl::exporter
