#include "services/session-vault/session/database_clock.h"

#include <utility>

#include "common/error/try.h"
#include "common/observe/log.h"

namespace ftl::vault {
namespace {

constexpr Query kNow{"vault.now", "SELECT clock_timestamp() AS now"};

}  // namespace

DatabaseClock::DatabaseClock(Database& database, std::function<absl::Time()> own)
    : database_(database), own_(std::move(own)) {}

Task<> DatabaseClock::Ask(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kNow));
  told_at_ = std::chrono::steady_clock::now();
  told_ = rows.Only().Get<absl::Time>("now");
  const absl::Duration off = own_() - *told_;
  if (absl::AbsDuration(off) > kMostOff) {
    log::Error("this machine's clock is off; no epoch key is destroyed here until it is right",
               {{"seconds", absl::ToDoubleSeconds(off)}});
  }
  co_return absl::OkStatus();
}

std::optional<absl::Time> DatabaseClock::Now() const {
  if (!told_) return std::nullopt;
  const absl::Time now = *told_ + absl::FromChrono(std::chrono::steady_clock::now() - told_at_);
  return absl::AbsDuration(own_() - now) > kMostOff ? std::nullopt : std::optional(now);
}

}  // namespace ftl::vault
