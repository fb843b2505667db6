#include "services/batch-runner/run/run_target.h"

#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kBorrowLimit = absl::Seconds(10);

}  // namespace

Task<std::shared_ptr<RunTarget>> BorrowTarget(KeyLoans& keys, const AddressPolicy& policy, RunKey run,
                                              pb::RunParameters parameters) {
  CO_TRY(KeyLoans::Loan loan, co_await keys.ForRun(OwnCall(kBorrowLimit), run.session, run.test_run_id));
  CO_TRY(Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy));
  // Another process may have learned it for this run.
  if (parameters.has_lowered_max_tokens()) loan.capabilities.set_max_tokens(parameters.lowered_max_tokens());
  co_return std::make_shared<RunTarget>(RunTarget{.endpoint = std::move(endpoint),
                                                  .credential = std::move(loan.credential),
                                                  .model_id = std::move(loan.model_id),
                                                  .provider = loan.provider,
                                                  .session = std::move(run.session),
                                                  .capabilities = std::move(loan.capabilities),
                                                  .parameters = std::move(parameters),
                                                  .forget_key_after_run = loan.forget_key_after_run,
                                                  .pace_key = std::move(loan.pace_key)});
}

}  // namespace ftl::batch_runner
