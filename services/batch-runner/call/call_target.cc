#include "services/batch-runner/call/call_target.h"

#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kBorrowLimit = absl::Seconds(10);

}  // namespace

Task<std::shared_ptr<CallTarget>> BorrowTarget(KeyLoans& keys, const AddressPolicy& policy, std::string session,
                                               std::string test_run_id) {
  CO_TRY(KeyLoans::Loan loan, co_await keys.ForRun(OwnCall(kBorrowLimit), session, std::move(test_run_id)));
  CO_TRY(Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy));
  co_return std::make_shared<CallTarget>(CallTarget{.endpoint = std::move(endpoint),
                                                    .credential = std::move(loan.credential),
                                                    .model_id = std::move(loan.model_id),
                                                    .provider = loan.provider,
                                                    .session = std::move(session),
                                                    .capabilities = std::move(loan.capabilities),
                                                    .pace_key = std::move(loan.pace_key),
                                                    .forget_key_after_run = loan.forget_key_after_run});
}

}  // namespace ftl::batch_runner
