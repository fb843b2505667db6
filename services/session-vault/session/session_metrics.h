#pragma once

#include <vector>

#include <absl/time/time.h>

#include "services/session-vault/store/cleanup_store.h"
#include "services/session-vault/vault/epoch_key.h"

namespace ftl::vault::session_metrics {

// What this process tells Prometheus of sessions and of the keys whose end makes them unreadable.

// Shows what has not happened yet as zero, so that a first time is seen as a rise.
void BeginAtZero();

// Once for each session, by whoever opened or ended it.
void Opened();
void Ended(EndReason reason);
// After a sweep: sessions in the database, and how long the one that is over longest has waited for its deletion.
void Counted(const SessionCount& count);
// A sweep went through, by this process or another.
void Swept(absl::Time now);
// Every epoch key that there is.
void Keys(const std::vector<KeyId>& keys, absl::Time now);

}  // namespace ftl::vault::session_metrics
