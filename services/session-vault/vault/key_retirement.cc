#include "services/session-vault/vault/key_retirement.h"

#include <vector>

#include "common/error/try.h"
#include "services/session-vault/store/key_store.h"

namespace ftl::vault {

Task<std::optional<absl::Time>> KeyRetirement::Retire(Deadline deadline, KeyId id) {
  auto work = [&](Transaction& transaction) -> Task<std::optional<absl::Time>> {
    CO_TRY(const KeyUse use, co_await LookAtKey(transaction, id.Epoch(), id.Text()));
    if (use.in_use) co_return std::optional<absl::Time>();
    CO_TRY(keys_.Destroy(id));
    co_return std::optional<absl::Time>(use.now);
  };
  co_return co_await database_.Transact(deadline, SessionScope::None(), work);
}

Task<> KeyRetirement::RetireAll(Deadline deadline, absl::Time now) {
  absl::Status first_failure = keys_.DestroyOverdue(now);
  CO_TRY(const std::vector<KeyId> ids, keys_.List());
  for (const KeyId& id : ids) first_failure.Update((co_await Retire(deadline, id)).status());
  first_failure.Update(keys_.DestroyLeftovers(now));
  co_return first_failure;
}

}  // namespace ftl::vault
