#pragma once

#include "common/host/verb.h"

namespace ftl::batch_runner {

// `import`: brings conversations and agent states, a JSON file each, and an old log of requests into the workspace of
// this installation's database, as often as one likes and each once. Exit codes: 0 all is there, 64 wrong usage, 65
// some files or rows had faults (the rest is there), 66 a folder or file cannot be read, 69 the database is away or of
// another version (what had been stored stays), 78 wrong settings.
host::Verb ImportVerb();

}  // namespace ftl::batch_runner
