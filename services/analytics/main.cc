#include "common/host/program.h"
#include "services/analytics/module.h"

int main(int argc, char** argv) {
  return ftl::host::RunProgram(argc, argv, "finetunelab-analytics", {ftl::analytics::AnalyticsModule()});
}
