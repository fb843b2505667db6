#include "common/session/session_gate.h"

#include "common/error/refusal.h"
#include "common/session/session_id.h"
#include "common/session/session_state.h"

namespace ftl {
namespace {

constexpr Query kSessionState{"session.state", "SELECT " FTL_SESSION_STATE("$1") " AS state"};

}  // namespace

Statement AskSessionState(std::string_view session_hash) { return {kSessionState, Params(session_hash)}; }

absl::Status RequireOpen(const Rows& state) {
  const auto word = state.Only().Get<std::string_view>("state");
  if (word == "open") return absl::OkStatus();
  return word == "ended" ? SessionExpired() : SessionNotFound();
}

absl::StatusOr<std::string> SessionHashOf(std::string_view session_id) {
  std::optional<std::string> hash = SessionHash(session_id);
  if (!hash) return SessionNotFound();
  return *std::move(hash);
}

absl::Status SessionNotFound() {
  return Refuse(Reason::kSessionNotFound, "There is no such session. Open one with POST /api/demo/v2/configure.");
}

absl::Status SessionExpired() {
  return Refuse(Reason::kSessionExpired, "This session is over and its data is deleted. Open a new one.");
}

}  // namespace ftl
