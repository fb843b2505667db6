#include "common/host/program.h"
#include "services/batch-runner/module.h"

int main(int argc, char** argv) {
  return ftl::host::RunProgram(argc, argv, "finetunelab-batch-runner", {ftl::batch_runner::BatchRunnerModule()});
}
