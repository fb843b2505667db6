#include "services/batch-runner/call/key_loans.h"

#include <optional>
#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl::batch_runner {

namespace {

constexpr std::string_view kVault = "session-vault";

}  // namespace

KeyLoans::KeyLoans(const rpc::Channels& channels)
    : lending_(vault_pb::KeyLendingService::NewStub(channels.To(kVault))),
      vault_(vault_pb::SessionVaultService::NewStub(channels.To(kVault))) {}

Task<KeyLoans::Loan> KeyLoans::ForRun(const CallContext& call, std::string session, std::string test_run_id) {
  vault_pb::LendKeyRequest request;
  request.set_demo_session_id(std::move(session));
  request.set_purpose(vault_pb::LEND_PURPOSE_RUN);
  request.set_test_run_id(std::move(test_run_id));
  co_return co_await Borrow(call, std::move(request));
}

Task<KeyLoans::Loan> KeyLoans::For(const CallContext& call, std::string session, vault_pb::LendPurpose purpose) {
  vault_pb::LendKeyRequest request;
  request.set_demo_session_id(std::move(session));
  request.set_purpose(purpose);
  co_return co_await Borrow(call, std::move(request));
}

Task<KeyLoans::Loan> KeyLoans::Borrow(const CallContext& call, vault_pb::LendKeyRequest request) {
  request.set_seal_to(std::string(box_.public_key()));
  CO_TRY(const vault_pb::LendKeyResponse lent,
         co_await rpc::Call(call, lending_->async(), &vault_pb::KeyLendingService::Stub::async::LendKey,
                            std::move(request)));
  std::optional<Secret> key = box_.Open(lent.sealed_api_key());
  std::optional<Secret> header_lines = box_.Open(lent.sealed_header_lines());
  if (!key || !header_lines) {
    co_return absl::InternalError("the key that session-vault lent is not sealed to this process");
  }
  co_return Loan{.credential = {*std::move(key), *std::move(header_lines)},
                 .endpoint_url = lent.endpoint_url(),
                 .model_id = lent.model_id(),
                 .provider = lent.provider(),
                 .capabilities = lent.capabilities(),
                 .forget_key_after_run = lent.forget_key_after_run(),
                 .pace_key = lent.pace_key()};
}

Task<> KeyLoans::RecordConnectionTest(const CallContext& call, vault_pb::RecordConnectionTestRequest request) {
  CO_TRY(co_await rpc::Call(call, vault_->async(), &vault_pb::SessionVaultService::Stub::async::RecordConnectionTest,
                            std::move(request)));
  co_return absl::OkStatus();
}

Task<> KeyLoans::ForgetKey(const CallContext& call, std::string session) {
  vault_pb::ForgetKeyRequest request;
  request.set_demo_session_id(std::move(session));
  CO_TRY(co_await rpc::Call(call, vault_->async(), &vault_pb::SessionVaultService::Stub::async::ForgetKey,
                            std::move(request)));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
