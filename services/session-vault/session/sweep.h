#pragma once

#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "services/session-vault/session/cleanup.h"
#include "services/session-vault/session/database_clock.h"
#include "services/session-vault/store/cleanup_store.h"
#include "services/session-vault/store/session_store.h"
#include "services/session-vault/vault/key_retirement.h"

namespace ftl::vault {

// Deletes every session that is over, forgets every key that was to go with a run that has ended, then destroys every
// epoch key that nobody needs, unless this machine's clock is off. One replica at a time. A session that fails to go is
// logged, counted, and does not stop the others. All that it is made of outlives it.
class Sweep {
 public:
  using Response = finetunelab::session_vault::v1::SweepSessionsResponse;

  Sweep(Database& database, CleanupStore& store, SessionStore& sessions, Cleanup& cleanup, KeyRetirement& retirement,
        DatabaseClock& clock)
      : database_(database),
        store_(store),
        sessions_(sessions),
        cleanup_(cleanup),
        retirement_(retirement),
        clock_(clock) {}

  enum class IfBusy {
    kWait,  // for an operator, who wants it done
    kSkip,  // for the clock: another replica does it now
  };
  Task<Response> Run(Deadline deadline, IfBusy if_busy);

 private:
  Task<> DeleteDue(Deadline deadline, Response& counts);
  Task<> ForgetDueKeys(Deadline deadline);

  Database& database_;
  CleanupStore& store_;
  SessionStore& sessions_;
  Cleanup& cleanup_;
  KeyRetirement& retirement_;
  DatabaseClock& clock_;
};

}  // namespace ftl::vault
