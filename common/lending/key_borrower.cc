#include "common/lending/key_borrower.h"

#include <optional>
#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl {

using Stub = vault_pb::KeyLendingService::Stub;

KeyBorrower::KeyBorrower(const rpc::Channels& channels)
    : lending_(vault_pb::KeyLendingService::NewStub(channels.To("session-vault"))) {}

Task<KeyBorrower::Loan<vault_pb::LendKeyResponse>> KeyBorrower::Borrow(const CallContext& call,
                                                                       vault_pb::LendKeyRequest request) {
  request.set_seal_to(std::string(box_.public_key()));
  CO_TRY(vault_pb::LendKeyResponse lent,
         co_await rpc::Call(call, lending_->async(), &Stub::async::LendKey, std::move(request)));
  CO_TRY(Secret key, Open(lent.sealed_api_key()));
  CO_TRY(Secret header_lines, Open(lent.sealed_header_lines()));
  co_return Loan<vault_pb::LendKeyResponse>{Credential(std::move(key), std::move(header_lines)), std::move(lent)};
}

Task<KeyBorrower::Loan<vault_pb::LendStoredKeyResponse>> KeyBorrower::BorrowStored(
    const CallContext& call, vault_pb::LendStoredKeyRequest request) {
  request.set_seal_to(std::string(box_.public_key()));
  CO_TRY(vault_pb::LendStoredKeyResponse lent,
         co_await rpc::Call(call, lending_->async(), &Stub::async::LendStoredKey, std::move(request)));
  CO_TRY(Secret key, Open(lent.sealed_api_key()));
  co_return Loan<vault_pb::LendStoredKeyResponse>{Credential(std::move(key)), std::move(lent)};
}

absl::StatusOr<Secret> KeyBorrower::Open(const std::string& sealed) const {
  std::optional<Secret> secret = box_.Open(sealed);
  if (!secret) return absl::InternalError("the key that session-vault lent is not sealed to this process");
  return *std::move(secret);
}

}  // namespace ftl
