#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/descriptor.h>

#include "common/rpc/call_context.h"

namespace ftl::rpc {

// The name of whoever runs the installation: by certificate, or by the token of FTL_GRPC_OPERATOR_TOKEN_FILE.
inline constexpr std::string_view kOperator = "operator";
// Somebody with a certificate that names no service of ours.
inline constexpr std::string_view kUnknownName = "unknown";

// Who may call what, in one table for all services: by method in session-vault, by service elsewhere, and by the
// gateway alone where a request names its owner. A method is named by the type of its request; one that the table does
// not cover may be called by nobody. Callers without any name are met only on servers that ask for no certificate, and
// may call what asks for a session's id or a run's, or gives what is public. PERMISSION_DENIED.
absl::Status JudgeCaller(const google::protobuf::Descriptor& request, const CallContext& call);

// Whether the method is in the table at all.
bool HasRule(const google::protobuf::Descriptor& request);

}  // namespace ftl::rpc
