#include "common/host/program.h"
#include "services/export/module.h"

int main(int argc, char** argv) {
  return ftl::host::RunProgram(argc, argv, "finetunelab-export", {ftl::exporter::ExportModule()});
}
