#pragma once

#include "common/host/module.h"

namespace ftl::vault {

// session-vault as a part of a program: sessions, their keys, limits, clean-up. Calls nobody.
host::ModuleKind SessionVaultModule();

}  // namespace ftl::vault
