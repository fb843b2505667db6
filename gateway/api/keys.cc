#include "gateway/api/keys.h"

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/observe/log.h"
#include "common/proto/enum_word.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"
#include "finetunelab/session_vault/v1/stored_keys_service.pb.h"
#include "gateway/input.h"

namespace ftl::gateway {

namespace vault = finetunelab::session_vault::v1;
namespace runner = finetunelab::batch_runner::v1;
namespace endpoint = finetunelab::endpoint::v1;

namespace {

constexpr std::string_view kTestKey = "finetunelab.batch_runner.v1.WorkspaceService.TestKey";
constexpr std::string_view kRecordTest = "finetunelab.session_vault.v1.StoredKeysService.RecordStoredKeyTest";

absl::Status Refused(const runner::TestKeyResponse& tested) {
  const std::string error_type = EnumWord(tested.error_type());
  if (tested.error_type() == endpoint::ERROR_TYPE_AUTH) {
    return Refuse(Reason::kInvalidField, "Nothing is stored. " + tested.message())
        .With("error_type", error_type)
        .Field("api_key", "is refused by the service");
  }
  const bool is_late = tested.error_type() == endpoint::ERROR_TYPE_TIMEOUT;
  return Refuse(is_late ? Reason::kEndpointTimeout : Reason::kEndpointFailed, "Nothing is stored. " + tested.message())
      .With("error_type", error_type);
}

// What the service said; fails where it does not take the key.
Task<std::string> TestFirst(Services& services, const Incoming& incoming, const vault::PutStoredKeyRequest& put) {
  runner::TestKeyRequest test;
  test.set_owner(put.owner());
  test.set_service_name(put.service_name());
  // Given, also where it is empty.
  test.set_api_key(put.api_key());
  if (put.has_base_url()) test.set_base_url(put.base_url());
  if (put.has_api_version()) test.set_api_version(put.api_version());
  const auto request = std::make_shared<runner::TestKeyRequest>(std::move(test));
  const auto tested = co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(kTestKey), request);
  WipeSecrets(*request);
  CO_TRY(tested.status());
  const auto& response = static_cast<const runner::TestKeyResponse&>(**tested);
  if (!response.success()) co_return Refused(response);
  co_return response.message();
}

Task<> SendPutKey(Services& services, Incoming& incoming) {
  const auto& put = static_cast<const vault::PutStoredKeyRequest&>(*incoming.request);
  vault::RecordStoredKeyTestRequest test;
  if (put.test()) {
    CO_TRY(*test.mutable_message(), co_await TestFirst(services, incoming, put));
  }
  CO_TRY(const auto response,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  if (put.test()) {
    const auto& stored = static_cast<const vault::PutStoredKeyResponse&>(*response);
    test.set_owner(put.owner());
    test.set_service_name(stored.service_name());
    test.set_name(stored.name());
    test.set_success(true);
    const auto recorded = co_await services.upstream.Call<vault::RecordStoredKeyTestResponse>(
        incoming.call, kRecordTest, std::move(test));
    // The key is stored all the same.
    if (!recorded.ok()) log::Warn("a key's test was not recorded", {{"status", recorded.status()}});
  }
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, ToJson(*response)));
}

}  // namespace

Handler PutKey(Services& services) {
  return [&services](Incoming& incoming) { return SendPutKey(services, incoming); };
}

}  // namespace ftl::gateway
