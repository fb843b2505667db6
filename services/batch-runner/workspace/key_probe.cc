#include "services/batch-runner/workspace/key_probe.h"

#include <fmt/format.h>

#include "common/endpoint/url/key_service.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/rpc/call_context.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);

pb::TestKeyResponse ResponseOf(const KeyTest& test) {
  pb::TestKeyResponse response;
  response.set_success(test.ok());
  if (test.http_status != 0) *response.mutable_latency() = ToProto(test.latency);
  response.set_message(test.ok() ? "The service takes this key." : test.failure.sentence);
  if (!test.ok()) response.set_error_type(test.failure.error_type);
  return response;
}

}  // namespace

Task<pb::TestKeyResponse> KeyProbe::Test(const CallContext& call, pb::TestKeyRequest request) {
  const KeyService* service = KeyServiceNamed(request.service_name());
  if (service == nullptr) {
    const std::string fault = fmt::format("must be one of {}", KeyServiceNames());
    co_return Refuse(Reason::kInvalidField, fmt::format("service_name {}.", fault)).Field("service_name", fault);
  }
  const bool is_given = request.has_api_key() || (request.has_base_url() && !service->needs_key);
  if (is_given) co_return co_await TestGiven(request);
  if (request.has_base_url() || request.has_api_version()) {
    co_return Refuse(Reason::kInvalidField, "A stored key goes nowhere but to the address that it was stored with.")
        .Field(request.has_base_url() ? "base_url" : "api_version", "needs api_key beside it");
  }
  co_return co_await TestStored(call, request);
}

Task<pb::TestKeyResponse> KeyProbe::TestGiven(const pb::TestKeyRequest& request) {
  const KeyService& service = *KeyServiceNamed(request.service_name());
  CO_TRY(const std::string_view text, JudgeKey(service, request.api_key()));
  const Credential credential{Secret(text)};
  CO_TRY(const Endpoint endpoint, KeyAddress(service, request.base_url(), request.api_version(), policy_));
  // Under a name of its own: no kept connection of anybody's is used, and none is left.
  const std::string pool_key = NewRequestId();
  CO_TRY(const KeyTest test,
         co_await caller_.TestKey(DeadlineIn(kLimit), endpoint, credential, pool_key, *DialectNamed(service.dialect)));
  caller_.DropConnections(pool_key);
  co_return ResponseOf(test);
}

Task<pb::TestKeyResponse> KeyProbe::TestStored(const CallContext& call, const pb::TestKeyRequest& request) {
  CO_TRY(const StoredKeys::Loan loan,
         co_await keys_.Borrow(call, request.owner(), request.service_name(), request.name()));
  CO_TRY(const Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy_));
  const std::string pool_key = NewRequestId();
  CO_TRY(const KeyTest test, co_await caller_.TestKey(DeadlineIn(kLimit), endpoint, loan.credential, pool_key,
                                                      *DialectNamed(loan.dialect)));
  caller_.DropConnections(pool_key);
  pb::TestKeyResponse response = ResponseOf(test);
  vault_pb::RecordStoredKeyTestRequest record;
  record.set_owner(request.owner());
  record.set_service_name(loan.service_name);
  record.set_name(loan.name);
  record.set_success(response.success());
  record.set_message(response.message());
  const absl::Status recorded = co_await keys_.RecordTest(call, std::move(record));
  if (!recorded.ok()) log::Warn("the test of a stored key is not written down", {{"status", recorded}});
  co_return response;
}

}  // namespace ftl::batch_runner
