#include "common/error/grpc_status.h"

#include <string>

#include "common/error/refusal.h"
#include "common/text/view.h"
#include "google/rpc/status.pb.h"

namespace ftl {
namespace {

constexpr std::string_view kInternalText =
    "Something went wrong here. Try again; if it stays, look up the request id in the log.";

absl::Status AsRefusal(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  if (reason == Reason::kInternal) return Refuse(reason, kInternalText);
  bool has_details = false;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { has_details = true; });
  return has_details ? status : absl::Status(Refuse(reason, ToStd(status.message())));
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::Status refusal = AsRefusal(status);
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(refusal.code()));
  wire.set_message(std::string(refusal.message()));
  refusal.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    auto* detail = wire.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  return grpc::Status(static_cast<grpc::StatusCode>(refusal.code()), wire.message(), wire.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status wire;
  if (!status.error_details().empty() && wire.ParseFromString(status.error_details())) {
    for (const auto& detail : wire.details()) result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

}  // namespace ftl
