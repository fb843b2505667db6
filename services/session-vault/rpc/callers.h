#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <absl/status/status.h>

#include "common/error/refusal.h"
#include "common/rpc/call_context.h"

namespace ftl::vault {

// Who may call a method. A service that has proved its name may call what it is meant to call and nothing else.
inline absl::Status RequireCaller(const CallContext& call, std::initializer_list<std::string_view> services) {
  if (std::find(services.begin(), services.end(), call.caller) != services.end()) return absl::OkStatus();
  return Refuse(Reason::kPermissionDenied, "This caller may not call this method.");
}

// The same for methods that ask for the session's id or are an operator's: open to whoever reaches the port without the
// name of a service.
inline absl::Status RequireCallerOrNoService(const CallContext& call,
                                             std::initializer_list<std::string_view> services) {
  return call.caller.empty() ? absl::OkStatus() : RequireCaller(call, services);
}

}  // namespace ftl::vault
