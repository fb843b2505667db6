#include "common/host/program.h"
#include "gateway/module.h"
#include "services/analytics/module.h"
#include "services/batch-runner/import/import_verb.h"
#include "services/batch-runner/module.h"
#include "services/export/module.h"
#include "services/session-vault/module.h"

int main(int argc, char** argv) {
  // In order of need: each calls only those before it.
  return ftl::host::RunProgram(
      argc, argv, "finetunelab",
      {ftl::vault::SessionVaultModule(), ftl::batch_runner::BatchRunnerModule(), ftl::analytics::AnalyticsModule(),
       ftl::exporter::ExportModule(), ftl::gateway::GatewayModule()},
      {ftl::batch_runner::ImportVerb()});
}
