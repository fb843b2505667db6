#include "services/session-vault/session/cleanup.h"

#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/time/proto_time.h"
#include "services/session-vault/session/session_metrics.h"

namespace ftl::vault {

Task<std::optional<ClosedSession>> Cleanup::Close(Deadline deadline, std::string hash, EndReason reason) {
  CO_TRY(const std::optional<DeletedRows> deleted, co_await store_.Delete(deadline, hash, reason));
  if (!deleted) co_return std::optional<ClosedSession>();
  session_metrics::Ended(reason);
  ClosedSession closed{deleted->test_runs, deleted->results, {}};
  *closed.receipt.mutable_deleted_at() = ToProto(deleted->deleted_at);
  CO_TRY(const int64_t left, co_await store_.CountLeft(deadline, hash));
  closed.receipt.set_counted_after(left);

  absl::Time unreadable_from = deleted->deleted_at;
  if (const auto key = KeyId::FromText(deleted->key_id.value_or(""))) {
    const auto retired = co_await retirement_.Retire(deadline, *key);
    if (!retired.ok()) log::Warn("an epoch key lives on until the next sweep", {{"status", retired.status()}});
    unreadable_from = retired.ok() && *retired ? **retired : key->dies_at;
  }
  *closed.receipt.mutable_backups_unreadable_from() = ToProto(unreadable_from);
  co_return std::optional<ClosedSession>(std::move(closed));
}

}  // namespace ftl::vault
