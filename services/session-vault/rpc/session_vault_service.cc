#include "services/session-vault/rpc/session_vault_service.h"

#include <optional>
#include <string>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/proto/enum_word.h"
#include "common/session/session_gate.h"
#include "common/session/session_id.h"
#include "common/time/proto_time.h"
#include "services/session-vault/session/client_address.h"
#include "services/session-vault/session/opening.h"

namespace ftl::vault {
namespace {

absl::Status JudgeWhen(const pb::CloseSessionRequest& request) {
  FieldFaults faults;
  if (!pb::CloseWhen_IsValid(request.when())) faults.Add("when", "must be " + EnumWords<pb::CloseWhen>());
  return faults.Verdict();
}

pb::CloseSessionResponse NothingWasLeft() {
  pb::CloseSessionResponse response;
  response.set_success(true);
  response.set_message("Nothing was left to delete");
  response.mutable_deleted();
  return response;
}

pb::CloseSessionResponse ResponseFor(const ClosedSession& closed) {
  pb::CloseSessionResponse response;
  response.set_success(true);
  response.set_message("Session data deleted successfully");
  response.mutable_deleted()->set_config(true);
  response.mutable_deleted()->set_test_runs(closed.test_runs);
  response.mutable_deleted()->set_results(closed.results);
  *response.mutable_receipt() = closed.receipt;
  return response;
}

}  // namespace

Task<pb::OpenSessionResponse> SessionVaultService::OpenSession(const CallContext& call,
                                                               const pb::OpenSessionRequest& request) {
  absl::StatusOr<Opening> opening = Understand(request, parts_.policy);
  if (ReasonOf(opening.status()) == Reason::kEndpointNotAllowed) {
    CO_TRY(const std::string address, AddressSubject(request.client_address()));
    CO_TRY(co_await parts_.sessions.RecordRefusedEndpoint(call.deadline, address));
  }
  CO_TRY(opening.status());
  CO_TRY(pb::OpenSessionResponse response, co_await parts_.admission.Open(call.deadline, *std::move(opening)));
  parts_.sweep_clock.WakeIn(FromProto(response.expires_at()) - absl::Now());
  co_return response;
}

Task<pb::GetSessionResponse> SessionVaultService::GetSession(const CallContext& call,
                                                             const pb::GetSessionRequest& request) {
  CO_TRY(const std::string hash, SessionHashOf(request.session_id()));
  CO_TRY(pb::GetSessionResponse response, co_await parts_.sessions.Use(call.deadline, hash));
  response.set_session_id(request.session_id());
  co_return response;
}

Task<pb::RecordConnectionTestResponse> SessionVaultService::RecordConnectionTest(
    const CallContext& call, const pb::RecordConnectionTestRequest& request) {
  CO_TRY(co_await parts_.sessions.RecordConnectionTest(call.deadline, request));
  co_return pb::RecordConnectionTestResponse();
}

Task<pb::CloseSessionResponse> SessionVaultService::CloseSession(const CallContext& call,
                                                                 const pb::CloseSessionRequest& request) {
  CO_TRY(JudgeWhen(request));
  const std::optional<std::string> hash = SessionHash(request.session_id());
  if (!hash) co_return NothingWasLeft();
  if (request.when() == pb::CLOSE_WHEN_IF_ABANDONED) co_return co_await CloseIfAbandoned(call, *hash);
  CO_TRY(const std::optional<ClosedSession> closed,
         co_await parts_.cleanup.Close(call.deadline, *hash, EndReason::kCleanup));
  co_return closed ? ResponseFor(*closed) : NothingWasLeft();
}

Task<pb::CloseSessionResponse> SessionVaultService::CloseIfAbandoned(const CallContext& call, std::string hash) {
  CO_TRY(const bool lives, co_await parts_.sessions.Abandon(call.deadline, hash, parts_.abandon_grace));
  pb::CloseSessionResponse response = NothingWasLeft();
  if (!lives) co_return response;
  parts_.sweep_clock.WakeIn(parts_.abandon_grace);
  response.set_message("Session data is deleted unless the session is used again");
  co_return response;
}

Task<pb::ForgetKeyResponse> SessionVaultService::ForgetKey(const CallContext& call,
                                                           const pb::ForgetKeyRequest& request) {
  CO_TRY(const std::optional<std::string> key_id,
         co_await parts_.sessions.ForgetKey(call.deadline, request.demo_session_id()));
  if (const auto key = KeyId::FromText(key_id.value_or(""))) {
    const auto retired = co_await parts_.retirement.Retire(call.deadline, *key);
    if (!retired.ok()) log::Warn("an epoch key lives on until the next sweep", {{"status", retired.status()}});
  }
  co_return pb::ForgetKeyResponse();
}

Task<pb::DrawQuotaResponse> SessionVaultService::DrawQuota(const CallContext& call,
                                                           const pb::DrawQuotaRequest& request) {
  co_return co_await parts_.quotas.Draw(call.deadline, request);
}

Task<pb::SweepSessionsResponse> SessionVaultService::SweepSessions(const CallContext& call,
                                                                   const pb::SweepSessionsRequest&) {
  co_return co_await parts_.sweep.Run(call.deadline, Sweep::IfBusy::kWait);
}

Task<pb::RewrapKeysResponse> SessionVaultService::RewrapKeys(const CallContext& call, const pb::RewrapKeysRequest&) {
  CO_TRY(const int rewrapped, parts_.keys.Rewrap());
  CO_TRY(const int stored, co_await parts_.stored_keys.Rewrap(call));
  log::Info("keys are wrapped anew", {{"epoch_keys", rewrapped}, {"stored_keys", stored}});
  pb::RewrapKeysResponse response;
  response.set_rewrapped(rewrapped);
  response.set_stored_keys_rewrapped(stored);
  co_return response;
}

}  // namespace ftl::vault
