#include "services/session-vault/store/key_folder.h"

#include "common/error/try.h"
#include "common/observe/log.h"

namespace ftl::vault {
namespace {

constexpr Query kClaim{"key_folder.claim", R"(
    WITH former AS (SELECT mark FROM vault_key_folder)
    INSERT INTO vault_key_folder (mark) VALUES ($1)
    ON CONFLICT (only_row) DO UPDATE SET mark = excluded.mark, seen_at = now()
    WHERE vault_key_folder.mark = excluded.mark OR vault_key_folder.seen_at < now() - interval '3 minutes'
    RETURNING EXISTS (SELECT FROM former WHERE former.mark <> $1) AS replaced)"};

}  // namespace

Task<> KeyFolder::Claim(Deadline deadline) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kClaim, Params(mark_)));
  if (rows.empty()) {
    co_return absl::FailedPreconditionError(
        "FTL_KEY_DIR is not the key folder of the other session-vaults on this database, so neither could open what "
        "the "
        "other seals; give all of them the same folder");
  }
  if (rows.Only().Get<bool>("replaced")) {
    log::Error("the key folder is another than before: sessions opened with the former one have lost their keys", {});
  }
  co_return absl::OkStatus();
}

}  // namespace ftl::vault
