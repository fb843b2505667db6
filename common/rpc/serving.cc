#include "common/rpc/serving.h"

#include <openssl/crypto.h>

#include "common/error/refusal.h"
#include "common/observe/log.h"

namespace ftl::rpc {
namespace {

std::string Metadata(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

// The DNS name in the client's certificate that names one of our services.
std::string CertifiedCaller(const grpc::CallbackServerContext& context) {
  const auto identity = context.auth_context();
  if (!identity || !identity->IsPeerAuthenticated()) return "";
  for (const grpc::string_ref& name : identity->FindPropertyValues("x509_subject_alternative_name")) {
    const std::string text(name.data(), name.size());
    for (const char* service : {"gateway", "session-vault", "batch-runner", "analytics", "export"}) {
      if (text == service) return text;
    }
  }
  return "";
}

bool SameSecret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

absl::StatusOr<CallContext> Serving::Understand(const grpc::CallbackServerContext& context,
                                                absl::Duration default_limit) const {
  CallContext call;
  call.request_id = Metadata(context, kRequestIdKey);
  if (call.request_id.empty()) call.request_id = NewRequestId();
  call.traceparent = Metadata(context, kTraceparentKey);
  const auto asked = context.deadline() - std::chrono::system_clock::now();
  const absl::Duration limit = absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(asked));
  call.deadline =
      DeadlineIn(context.deadline() == std::chrono::system_clock::time_point::max() ? default_limit : limit);
  const std::string token = Metadata(context, kTokenKey);
  if (in_process() && SameSecret(token, process_token_)) {
    call.caller = Metadata(context, kCallerKey);
  } else if (!token.empty() || !Metadata(context, kCallerKey).empty()) {
    return Refuse(Reason::kPermissionDenied, "Calls over the network may not carry x-ftl-caller or x-ftl-token.");
  } else {
    call.caller = CertifiedCaller(context);
  }
  return call;
}

void Serving::Record(std::string_view method, const CallContext& call, const absl::Status& status,
                     absl::Duration took) const {
  static metrics::CallMetrics calls("ftl_rpc_server");
  const std::string code = status.ok() ? "ok" : CodeOf(ReasonOf(status));
  calls.Record({{"method", std::string(method)}}, code, absl::ToDoubleSeconds(took));
  const bool our_fault = !status.ok() && ReasonOf(status) == Reason::kInternal;
  if (our_fault) {
    log::Error("call failed", {{"method", method}, {"request_id", call.request_id}, {"status", status}});
  } else {
    log::Debug("call", {{"method", method},
                        {"request_id", call.request_id},
                        {"code", code},
                        {"duration_ms", absl::ToDoubleMilliseconds(took)}});
  }
}

}  // namespace ftl::rpc
