#include "common/host/program.h"
#include "services/session-vault/module.h"

int main(int argc, char** argv) {
  return ftl::host::RunProgram(argc, argv, "finetunelab-session-vault", {ftl::vault::SessionVaultModule()});
}
