#pragma once

#include <memory>

#include "common/endpoint/url/egress_allow.h"
#include "common/host/settings.h"

namespace ftl {

// Who may come in to the workspace.
enum class WorkspaceMode {
  kOff,    // nobody: no route, no service
  kLocal,  // one owner without sign-in, on this machine alone
};

// FTL_WORKSPACE. Off by default.
WorkspaceMode ReadWorkspaceMode(host::Settings& settings);

// FTL_EGRESS_ALLOW: what the workspace may call besides the public internet. The demo tier never sees it.
std::shared_ptr<const EgressAllow> ReadEgressAllow(host::Settings& settings);

}  // namespace ftl
