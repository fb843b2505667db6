#include "common/rpc/serving.h"

#include <openssl/crypto.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/rpc/access.h"

namespace ftl::rpc {
namespace {

using MetadataMap = std::multimap<grpc::string_ref, grpc::string_ref>;

std::string Metadata(const MetadataMap& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

// The DNS name in the client's certificate that is one we know.
std::string CertifiedCaller(const grpc::AuthContext* identity) {
  if (identity == nullptr || !identity->IsPeerAuthenticated()) return "";
  for (const grpc::string_ref& name : identity->FindPropertyValues("x509_subject_alternative_name")) {
    const std::string text(name.data(), name.size());
    for (std::string_view known : {"gateway", "session-vault", "batch-runner", "analytics", "export"}) {
      if (text == known) return text;
    }
    if (text == kOperator) return text;
  }
  return std::string(kUnknownName);
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// `ipv4:192.0.2.1:50051` and `ipv6:%5B2001:db8::1%5D:50051` give the address; anything else is of this machine.
std::string AddressOf(std::string_view peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (scheme == std::string_view::npos || port <= scheme) return "127.0.0.1";
  std::string_view address = peer.substr(scheme + 1, port - scheme - 1);
  if (peer.starts_with("ipv4:")) return std::string(address);
  if (!peer.starts_with("ipv6:")) return "127.0.0.1";
  for (std::string_view bracket : {"[", "%5B"}) {
    if (address.starts_with(bracket)) address.remove_prefix(bracket.size());
  }
  for (std::string_view bracket : {"]", "%5D"}) {
    if (address.ends_with(bracket)) address.remove_suffix(bracket.size());
  }
  return std::string(address.substr(0, address.find('%')));
}

void BelieveAddress(const CallContext& call, google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("client_address");
  if (field == nullptr || call.caller == "gateway") return;
  request.GetReflection()->SetString(&request, field, call.peer_address);
}

// The service that has `method`: it stands in the file of its requests.
std::string_view ServiceWith(std::string_view method, const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int i = 0; i < file.service_count(); ++i) {
    if (file.service(i)->FindMethodByName(std::string(method)) != nullptr) return file.service(i)->full_name();
  }
  return file.package();
}

}  // namespace

bool IsOperator(const MetadataMap& metadata, const grpc::AuthContext* identity, const std::string& operator_token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (CertifiedCaller(identity) == kOperator) return true;
  const std::string shown = Metadata(metadata, "authorization");
  return !operator_token.empty() && shown.starts_with(kScheme) &&
         SameSecret(std::string_view(shown).substr(kScheme.size()), operator_token);
}

absl::StatusOr<CallContext> Serving::Understand(const grpc::CallbackServerContext& context,
                                                absl::Duration default_limit,
                                                google::protobuf::Message& request) const {
  const MetadataMap& metadata = context.client_metadata();
  const auto identity = context.auth_context();
  CallContext call;
  call.peer_address = AddressOf(context.peer());
  call.request_id = Metadata(metadata, kRequestIdKey);
  if (call.request_id.empty()) call.request_id = NewRequestId();
  call.traceparent = Metadata(metadata, kTraceparentKey);
  const auto asked = context.deadline() - std::chrono::system_clock::now();
  const absl::Duration limit = absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(asked));
  call.deadline =
      DeadlineIn(context.deadline() == std::chrono::system_clock::time_point::max() ? default_limit : limit);
  const std::string token = Metadata(metadata, kTokenKey);
  if (in_process() && SameSecret(token, process_token_)) {
    call.caller = Metadata(metadata, kCallerKey);
  } else if (!token.empty() || !Metadata(metadata, kCallerKey).empty()) {
    return Refuse(Reason::kPermissionDenied, "Calls over the network may not carry x-ftl-caller or x-ftl-token.");
  } else if (IsOperator(metadata, identity.get(), operator_token_)) {
    call.caller = kOperator;
  } else {
    call.caller = CertifiedCaller(identity.get());
  }
  TRY(JudgeCaller(*request.GetDescriptor(), call));
  BelieveAddress(call, request);
  return call;
}

trace::Span Serving::BeginSpan(std::string_view method, const google::protobuf::Descriptor& request,
                               CallContext& call) const {
  const auto parent = trace::ParseTraceparent(call.traceparent);
  if (!parent && !trace::IsRecording()) return {};
  trace::Span span = trace::Span::Begin(trace::SpanKind::kServer, std::string(method), parent);
  call.traceparent = span.traceparent();
  if (!span.is_recorded()) return span;
  const std::string service(ServiceWith(method, request));
  span.SetName(service + "/" + std::string(method));
  span.Set("rpc.system", std::string("grpc"));
  span.Set("rpc.service", service);
  span.Set("rpc.method", std::string(method));
  return span;
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
