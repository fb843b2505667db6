#include "common/host/program.h"
#include "gateway/module.h"

int main(int argc, char** argv) {
  return ftl::host::RunProgram(argc, argv, "finetunelab-gateway", {ftl::gateway::GatewayModule()});
}
