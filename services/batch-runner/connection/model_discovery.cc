#include "services/batch-runner/connection/model_discovery.h"

#include <google/protobuf/util/time_util.h>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);

absl::Status RefusalOf(const CallFailure& failure) {
  if (failure.error_type == endpoint_pb::ERROR_TYPE_BLOCKED_ADDRESS) {
    return Refuse(Reason::kEndpointNotAllowed, failure.sentence).Field("endpoint_url", failure.sentence);
  }
  const bool timeout = failure.error_type == endpoint_pb::ERROR_TYPE_TIMEOUT;
  return Refuse(timeout ? Reason::kEndpointTimeout : Reason::kEndpointFailed, failure.sentence)
      .With("error_type", std::string_view(endpoint_pb::ErrorType_Name(failure.error_type)));
}

}  // namespace

Task<pb::ListModelsResponse> ModelDiscovery::OfSession(const CallContext& call, std::string session) {
  CO_TRY(KeyLoans::Loan loan, co_await keys_.For(call, session, vault_pb::LEND_PURPOSE_LIST_MODELS));
  const absl::Duration closed_for = TimeLeft(doors_.ClosedUntil(loan.pace_key));
  if (closed_for > absl::ZeroDuration()) {
    co_return Refuse(Reason::kEndpointFailed, ClosedDoorSentence(closed_for))
        .With("error_type", std::string_view(endpoint_pb::ErrorType_Name(endpoint_pb::ERROR_TYPE_RATE_LIMIT)))
        .RetryAfter(closed_for);
  }
  co_return co_await Ask(std::move(loan.endpoint_url), std::move(loan.credential), std::move(session));
}

Task<pb::ListModelsResponse> ModelDiscovery::OfEndpoint(const CallContext&, std::string endpoint_url,
                                                        Credential credential) {
  co_return co_await Ask(std::move(endpoint_url), std::move(credential), NewRequestId());
}

Task<pb::ListModelsResponse> ModelDiscovery::Ask(std::string endpoint_url, Credential credential,
                                                 std::string pool_key) {
  CO_TRY(const Endpoint endpoint, Endpoint::ParsePasted(endpoint_url, policy_));
  CO_TRY(const ModelList list, co_await caller_.ListModels(DeadlineIn(kLimit), endpoint, credential, pool_key));
  if (!list.ok()) co_return RefusalOf(list.failure);
  pb::ListModelsResponse response;
  if (list.cut) response.set_truncated(true);
  for (const ListedModel& listed : list.models) {
    pb::Model* model = response.add_models();
    model->set_id(listed.id);
    if (!listed.owned_by.empty()) model->set_owned_by(listed.owned_by);
    if (listed.created_at) {
      *model->mutable_created_at() =
          google::protobuf::util::TimeUtil::SecondsToTimestamp(absl::ToUnixSeconds(*listed.created_at));
    }
  }
  co_return response;
}

}  // namespace ftl::batch_runner
