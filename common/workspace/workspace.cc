#include "common/workspace/workspace.h"

namespace ftl {

WorkspaceMode ReadWorkspaceMode(host::Settings& settings) {
  const std::string mode = settings.Choice(
      "FTL_WORKSPACE", {"off", "local"},
      "Who may come in to the workspace: nobody, or one owner without sign-in while the gateway listens on loopback.");
  return mode == "local" ? WorkspaceMode::kLocal : WorkspaceMode::kOff;
}

std::shared_ptr<const EgressAllow> ReadEgressAllow(host::Settings& settings) {
  const std::string text =
      settings.Text("FTL_EGRESS_ALLOW", "",
                    "Networks and names with commas between that the workspace may call although they are private; the "
                    "demo tier may not.");
  absl::StatusOr<EgressAllow> allow = EgressAllow::Parse(text);
  if (allow.ok()) return std::make_shared<const EgressAllow>(*std::move(allow));
  settings.Fault("FTL_EGRESS_ALLOW", std::string(allow.status().message()));
  return std::make_shared<const EgressAllow>();
}

}  // namespace ftl
