#include "services/export/report/report.h"

#include <algorithm>

namespace ftl::exporter {

namespace runner = finetunelab::batch_runner::v1;

bool IsGoing(const runner::Run& run) {
  return run.status() == runner::RUN_STATUS_PENDING || run.status() == runner::RUN_STATUS_RUNNING;
}

bool Report::complete() const { return std::none_of(runs.begin(), runs.end(), IsGoing); }

int64_t Report::result_count() const {
  int64_t count = 0;
  for (const runner::Run& run : runs) count += run.completed_prompts() + run.failed_prompts();
  return count;
}

bool Report::agrees() const {
  int64_t prompts = 0;
  for (const runner::Run& run : runs) prompts += run.total_prompts();
  return metrics.total_prompts() == prompts && metrics.completed_prompts() + metrics.failed_prompts() == result_count();
}

}  // namespace ftl::exporter
