#include "services/session-vault/session/session_metrics.h"

#include <algorithm>

#include "common/observe/instrument.h"

namespace ftl::vault::session_metrics {
namespace {

using metrics::CounterOf;
using metrics::GaugeOf;

const char* CauseOf(EndReason reason) {
  switch (reason) {
    case EndReason::kExpired:
      return "expired";
    case EndReason::kAbandoned:
      return "abandoned";
    case EndReason::kCleanup:
      break;
  }
  return "cleanup";
}

prometheus::Counter& OpenedSessions() {
  return CounterOf("ftl_sessions_opened_total", "Sessions that this process opened.");
}

prometheus::Counter& EndedSessions(EndReason reason) {
  return CounterOf("ftl_sessions_ended_total", "Sessions that this process deleted.", {{"cause", CauseOf(reason)}});
}

}  // namespace

void BeginAtZero() {
  OpenedSessions();
  for (const EndReason reason : {EndReason::kCleanup, EndReason::kExpired, EndReason::kAbandoned})
    EndedSessions(reason);
}

void Opened() { OpenedSessions().Increment(); }

void Ended(EndReason reason) { EndedSessions(reason).Increment(); }

void Counted(const SessionCount& count) {
  GaugeOf("ftl_sessions_open", "Sessions in the database at the last sweep; the same from every process.")
      .Set(static_cast<double>(count.open));
  GaugeOf("ftl_sweep_lag_seconds", "How long the session that is over longest has waited for its deletion.")
      .Set(absl::ToDoubleSeconds(count.longest_over));
}

void Swept(absl::Time now) {
  GaugeOf("ftl_sweep_last_success_timestamp_seconds", "When a sweep last went through, since the Unix epoch.")
      .Set(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
}

void Keys(const std::vector<KeyId>& keys, absl::Time now) {
  const auto overdue = std::count_if(keys.begin(), keys.end(), [now](const KeyId& key) { return key.dies_at < now; });
  GaugeOf("ftl_epoch_keys", "Epoch keys in the key folder; the same from every process.")
      .Set(static_cast<double>(keys.size()));
  GaugeOf("ftl_epoch_keys_overdue", "Epoch keys whose time is over and that are there still.")
      .Set(static_cast<double>(overdue));
}

}  // namespace ftl::vault::session_metrics
