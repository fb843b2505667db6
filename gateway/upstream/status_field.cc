#include "gateway/upstream/status_field.h"

namespace ftl::gateway {

absl::Status StatusOf(const google::rpc::Status& field) {
  absl::Status status(static_cast<absl::StatusCode>(field.code()), field.message());
  for (const auto& detail : field.details()) status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  return status;
}

}  // namespace ftl::gateway
