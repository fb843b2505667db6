#include "services/session-vault/session/quota.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"
#include "services/session-vault/session/client_address.h"
#include "services/session-vault/store/quota_store.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr size_t kLongestSubjectBytes = 256;

}  // namespace

Task<pb::DrawQuotaResponse> Quotas::Draw(Deadline deadline, pb::DrawQuotaRequest request) {
  FieldFaults faults;
  const auto limit = limits_.find(request.quota());
  if (limit == limits_.end()) faults.Add("quota", "is not a limit that is known");
  if (request.subject().empty() || request.subject().size() > kLongestSubjectBytes) {
    faults.Add("subject", fmt::format("has to have 1 to {} bytes", kLongestSubjectBytes));
  }
  if (request.units() < 1) faults.Add("units", "has to be at least 1");
  CO_TRY(faults.Verdict());

  const std::string subject = AddressSubject(request.subject()).value_or(request.subject());
  CO_TRY(const QuotaUse use,
         co_await CountUnits(database_, deadline, fmt::format("{} {}", limit->first, subject), request.units()));
  const int64_t left_before = limit->second - (use.used - request.units());
  pb::DrawQuotaResponse response;
  response.set_granted(static_cast<int32_t>(std::clamp<int64_t>(left_before, 0, request.units())));
  if (response.granted() < request.units()) {
    *response.mutable_retry_after() = ToProto(std::max(use.until_next, absl::Seconds(1)));
  }
  co_return response;
}

}  // namespace ftl::vault
