#include "services/session-vault/store/quota_store.h"

#include "common/error/try.h"

namespace ftl::vault {
namespace {

constexpr Query kCountUnits{"quota.count_units", R"(
    INSERT INTO demo_quotas AS q (bucket, window_start, used) VALUES ($1, date_bin('1 minute', now(), 'epoch'), $2)
    ON CONFLICT (bucket, window_start) DO UPDATE SET used = q.used + EXCLUDED.used
    RETURNING used, extract(epoch FROM window_start + interval '1 minute' - now())::float8 AS seconds)"};

}  // namespace

Task<QuotaUse> CountUnits(Database& database, Deadline deadline, std::string bucket, int32_t units) {
  CO_TRY(const Rows rows, co_await database.Run(deadline, SessionScope::None(), kCountUnits, Params(bucket, units)));
  const Row row = rows.Only();
  co_return QuotaUse{row.Get<int64_t>("used"), absl::Seconds(row.Get<double>("seconds"))};
}

}  // namespace ftl::vault
