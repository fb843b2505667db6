#include "gateway/quota_slices.h"

#include <cmath>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl::gateway {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr std::string_view kDraw = "finetunelab.session_vault.v1.SessionVaultService.DrawQuota";
constexpr absl::Duration kSliceLife = absl::Minutes(1);

absl::Status TooMany(const pb::DrawQuotaResponse& drawn) {
  const absl::Duration wait =
      absl::Seconds(drawn.retry_after().seconds()) + absl::Nanoseconds(drawn.retry_after().nanos());
  const double seconds = std::max(1.0, std::ceil(absl::ToDoubleSeconds(wait)));
  return Refuse(Reason::kRateLimited, fmt::format("Too many requests from your address; wait {:.0f} s.", seconds))
      .RetryAfter(absl::Seconds(seconds));
}

pb::DrawQuotaRequest Wanted(std::string_view quota, const std::string& address, int units) {
  pb::DrawQuotaRequest request;
  request.set_quota(std::string(quota));
  request.set_subject(address);
  request.set_units(units);
  return request;
}

}  // namespace

Task<> QuotaSlices::TakeRequest(const CallContext& call, const std::string& address) {
  const Deadline now = std::chrono::steady_clock::now();
  if (const auto held = slices_.find(address);
      held != slices_.end() && held->second.left > 0 && now < held->second.good_until) {
    --held->second.left;
    co_return absl::OkStatus();
  }
  if (now >= next_drop_) DropOld();
  const auto drawn =
      co_await upstream_.Call<pb::DrawQuotaResponse>(call, kDraw, Wanted("requests_per_minute", address, slice_));
  if (!drawn.ok()) co_return absl::OkStatus();
  if (drawn->granted() == 0) co_return TooMany(*drawn);
  Slice& slice = slices_[address];
  slice.left += drawn->granted() - 1;
  slice.good_until = DeadlineIn(kSliceLife);
  co_return absl::OkStatus();
}

Task<> QuotaSlices::TakeOne(const CallContext& call, std::string_view quota, const std::string& address) {
  const auto drawn = co_await upstream_.Call<pb::DrawQuotaResponse>(call, kDraw, Wanted(quota, address, 1));
  if (drawn.ok() && drawn->granted() == 0) co_return TooMany(*drawn);
  co_return absl::OkStatus();
}

void QuotaSlices::DropOld() {
  const Deadline now = std::chrono::steady_clock::now();
  std::erase_if(slices_, [&](const auto& entry) { return entry.second.good_until <= now; });
  next_drop_ = DeadlineIn(kSliceLife);
}

}  // namespace ftl::gateway
