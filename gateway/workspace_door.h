#pragma once

#include <string>
#include <string_view>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "gateway/http/request_head.h"
#include "gateway/upstream/upstream.h"

namespace ftl::gateway {

// Says who comes in to the workspace of one owner without sign-in, and in whose name. Programs show a token; who shows
// nothing is the owner, since only this machine can ask. So that no page of somebody else's and no name that leads here
// can ask in its place, the Host must name loopback, and nothing may come from another site.
class WorkspaceDoor {
 public:
  explicit WorkspaceDoor(Upstream& upstream) : upstream_(upstream) {}

  // The owner. FORBIDDEN_ORIGIN; UNAUTHENTICATED for a token that opens nothing; PERMISSION_DENIED for one that may not
  // do what `scope` names.
  Task<std::string> Admit(const CallContext& call, const http::RequestHead& head, std::string_view scope);

 private:
  Upstream& upstream_;
};

// Whether a Host field, with or without a port, is an address of loopback or `localhost`. Pure.
bool NamesLoopback(std::string_view host);

}  // namespace ftl::gateway
