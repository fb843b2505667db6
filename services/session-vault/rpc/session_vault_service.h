#pragma once

#include <utility>

#include "common/async/task.h"
#include "common/endpoint/url/address_policy.h"
#include "common/rpc/serve.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"
#include "services/session-vault/keys/stored_keys.h"
#include "services/session-vault/session/admission.h"
#include "services/session-vault/session/cleanup.h"
#include "services/session-vault/session/quota.h"
#include "services/session-vault/session/sweep.h"
#include "services/session-vault/session/sweep_clock.h"
#include "services/session-vault/store/session_store.h"
#include "services/session-vault/vault/epoch_keys.h"
#include "services/session-vault/vault/key_retirement.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

// Opens, keeps and closes sessions. Who may call what stands in common/rpc/access. One per gRPC server, on the module's
// thread; the parts outlive it.
class SessionVaultService final : public pb::SessionVaultService::CallbackService {
 public:
  struct Parts {
    SessionStore& sessions;
    Admission& admission;
    Cleanup& cleanup;
    Sweep& sweep;
    SweepClock& sweep_clock;
    Quotas& quotas;
    KeyRetirement& retirement;
    const EpochKeys& keys;
    StoredKeys& stored_keys;
    AddressPolicy policy;
    absl::Duration abandon_grace;
  };

  SessionVaultService(rpc::Serving serving, Parts parts) : serving_(std::move(serving)), parts_(parts) {}

  FTL_SERVE(OpenSession)
  FTL_SERVE(GetSession)
  FTL_SERVE(RecordConnectionTest)
  FTL_SERVE(CloseSession)
  FTL_SERVE(ForgetKey)
  FTL_SERVE(DrawQuota)
  FTL_SERVE(SweepSessions)
  FTL_SERVE(RewrapKeys)

  Task<pb::OpenSessionResponse> OpenSession(const CallContext& call, const pb::OpenSessionRequest& request);
  Task<pb::GetSessionResponse> GetSession(const CallContext& call, const pb::GetSessionRequest& request);
  Task<pb::RecordConnectionTestResponse> RecordConnectionTest(const CallContext& call,
                                                              const pb::RecordConnectionTestRequest& request);
  Task<pb::CloseSessionResponse> CloseSession(const CallContext& call, const pb::CloseSessionRequest& request);
  Task<pb::ForgetKeyResponse> ForgetKey(const CallContext& call, const pb::ForgetKeyRequest& request);
  Task<pb::DrawQuotaResponse> DrawQuota(const CallContext& call, const pb::DrawQuotaRequest& request);
  Task<pb::SweepSessionsResponse> SweepSessions(const CallContext& call, const pb::SweepSessionsRequest& request);
  Task<pb::RewrapKeysResponse> RewrapKeys(const CallContext& call, const pb::RewrapKeysRequest& request);

 private:
  Task<pb::CloseSessionResponse> CloseIfAbandoned(const CallContext& call, std::string hash);

  rpc::Serving serving_;
  Parts parts_;
};

}  // namespace ftl::vault
