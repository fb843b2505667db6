#include "services/session-vault/store/key_store.h"

#include <vector>

#include "common/error/try.h"

namespace ftl::vault {
namespace {

// The counterpart of session.hold_epoch_key.
constexpr Query kTryLock{"key.try_lock", R"(
    SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked)"};

constexpr Query kInUse{"key.in_use", R"(
    SELECT EXISTS (SELECT 1 FROM demo_session_expiry WHERE key_id = $1) AS in_use, clock_timestamp() AS now)"};

}  // namespace

Task<KeyUse> LookAtKey(Transaction& transaction, std::string epoch, std::string key_id) {
  std::vector<Statement> statements;
  statements.push_back({kTryLock, Params(epoch)});
  statements.push_back({kInUse, Params(key_id)});
  CO_TRY(const std::vector<Rows> rows, co_await transaction.RunAll(std::move(statements)));
  const bool locked = rows[0].Only().Get<bool>("locked");
  co_return KeyUse{!locked || rows[1].Only().Get<bool>("in_use"), rows[1].Only().Get<absl::Time>("now")};
}

}  // namespace ftl::vault
