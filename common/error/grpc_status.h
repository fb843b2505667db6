#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

namespace ftl {

// The one door between our statuses and the wire. A refusal keeps its google.rpc details in both directions. A status
// that is no refusal becomes one on the way out, so that every error on the wire has an ErrorInfo; the text of an
// INTERNAL error stays here (it is logged where it is born) and strangers read a sentence that tells nothing.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace ftl
