#pragma once

#include <functional>
#include <string>

#include <CLI/App.hpp>

#include "common/host/settings.h"

namespace ftl::host {

// Something that a program does in place of running, and ends: `finetunelab import …`.
struct Verb {
  std::string name;
  std::string about;  // one sentence, for --help
  // Declares its options, and gives what is done once they have been read: with the settings of the environment, of
  // which it reads what it needs; an exit code of sysexits.h. SIGINT and SIGTERM end it as they end any program.
  std::function<std::function<int(Settings&)>(CLI::App& options)> make;
};

}  // namespace ftl::host
