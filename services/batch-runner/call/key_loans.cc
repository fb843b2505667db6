#include "services/batch-runner/call/key_loans.h"

#include <utility>

#include "common/error/try.h"
#include "common/rpc/call.h"

namespace ftl::batch_runner {

namespace {

constexpr std::string_view kVault = "session-vault";

}  // namespace

KeyLoans::KeyLoans(const rpc::Channels& channels)
    : keys_(channels), vault_(vault_pb::SessionVaultService::NewStub(channels.To(kVault))) {}

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
  CO_TRY(auto loan, co_await keys_.Borrow(call, std::move(request)));
  const vault_pb::LendKeyResponse& terms = loan.terms;
  co_return Loan{.credential = std::move(loan.credential),
                 .endpoint_url = terms.endpoint_url(),
                 .model_id = terms.model_id(),
                 .provider = terms.provider(),
                 .capabilities = terms.capabilities(),
                 .forget_key_after_run = terms.forget_key_after_run(),
                 .pace_key = terms.pace_key()};
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
