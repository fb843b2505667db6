#include "services/batch-runner/workspace/stored_keys.h"

#include <optional>
#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kVault = "session-vault";

}  // namespace

StoredKeys::StoredKeys(const rpc::Channels& channels)
    : lending_(vault_pb::KeyLendingService::NewStub(channels.To(kVault))),
      keys_(vault_pb::StoredKeysService::NewStub(channels.To(kVault))) {}

Task<StoredKeys::Loan> StoredKeys::Borrow(const CallContext& call, std::string owner, std::string service_name,
                                          std::string name) {
  vault_pb::LendStoredKeyRequest request;
  request.set_owner(std::move(owner));
  request.set_service_name(std::move(service_name));
  if (!name.empty()) request.set_name(std::move(name));
  request.set_seal_to(std::string(box_.public_key()));
  CO_TRY(const vault_pb::LendStoredKeyResponse lent,
         co_await rpc::Call(call, lending_->async(), &vault_pb::KeyLendingService::Stub::async::LendStoredKey,
                            std::move(request)));
  std::optional<Secret> key = box_.Open(lent.sealed_api_key());
  if (!key) co_return absl::InternalError("the key that session-vault lent is not sealed to this process");
  co_return Loan{.credential = Credential(*std::move(key)),
                 .service_name = lent.service_name(),
                 .name = lent.name(),
                 .endpoint_url = lent.endpoint_url(),
                 .dialect = lent.dialect()};
}

Task<std::vector<vault_pb::StoredKey>> StoredKeys::List(const CallContext& call, std::string owner) {
  vault_pb::ListStoredKeysRequest request;
  request.set_owner(std::move(owner));
  CO_TRY(const vault_pb::ListStoredKeysResponse listed,
         co_await rpc::Call(call, keys_->async(), &vault_pb::StoredKeysService::Stub::async::ListStoredKeys,
                            std::move(request)));
  co_return std::vector<vault_pb::StoredKey>(listed.configured_services().begin(), listed.configured_services().end());
}

Task<> StoredKeys::RecordTest(const CallContext& call, vault_pb::RecordStoredKeyTestRequest request) {
  CO_TRY(co_await rpc::Call(call, keys_->async(), &vault_pb::StoredKeysService::Stub::async::RecordStoredKeyTest,
                            std::move(request)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
