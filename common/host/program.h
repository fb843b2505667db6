#pragma once

#include <string>
#include <vector>

#include "common/host/module.h"
#include "common/host/verb.h"

namespace ftl::host {

// The whole of a program's main: --help, --version, --check-config, --print-config, `migrate`, one of `verbs`, or run
// the modules until SIGTERM or SIGINT. Gives an exit code of sysexits.h: 0, 64 wrong usage, 69 something needed is not
// there, 78 wrong settings.
int RunProgram(int argc, char** argv, const std::string& name, std::vector<ModuleKind> kinds,
               std::vector<Verb> verbs = {});

}  // namespace ftl::host
