#include "services/batch-runner/workspace/stored_keys.h"

#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kVault = "session-vault";

}  // namespace

StoredKeys::StoredKeys(const rpc::Channels& channels)
    : keys_(channels), stored_keys_(vault_pb::StoredKeysService::NewStub(channels.To(kVault))) {}

Task<StoredKeys::Loan> StoredKeys::Borrow(const CallContext& call, std::string owner, std::string service_name,
                                          std::string name) {
  vault_pb::LendStoredKeyRequest request;
  request.set_owner(std::move(owner));
  request.set_service_name(std::move(service_name));
  if (!name.empty()) request.set_name(std::move(name));
  CO_TRY(auto loan, co_await keys_.BorrowStored(call, std::move(request)));
  co_return Loan{.credential = std::move(loan.credential),
                 .service_name = loan.terms.service_name(),
                 .name = loan.terms.name(),
                 .endpoint_url = loan.terms.endpoint_url(),
                 .dialect = loan.terms.dialect(),
                 .pace_key = loan.terms.pace_key()};
}

Task<std::vector<vault_pb::StoredKey>> StoredKeys::List(const CallContext& call, std::string owner) {
  vault_pb::ListStoredKeysRequest request;
  request.set_owner(std::move(owner));
  CO_TRY(const vault_pb::ListStoredKeysResponse listed,
         co_await rpc::Call(call, stored_keys_->async(), &vault_pb::StoredKeysService::Stub::async::ListStoredKeys,
                            std::move(request)));
  co_return std::vector<vault_pb::StoredKey>(listed.configured_services().begin(), listed.configured_services().end());
}

Task<> StoredKeys::RecordTest(const CallContext& call, vault_pb::RecordStoredKeyTestRequest request) {
  CO_TRY(co_await rpc::Call(call, stored_keys_->async(), &vault_pb::StoredKeysService::Stub::async::RecordStoredKeyTest,
                            std::move(request)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
