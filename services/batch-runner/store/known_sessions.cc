#include "services/batch-runner/store/known_sessions.h"

#include <utility>

namespace ftl::batch_runner {

std::string KnownSessions::Of(const std::string& test_run_id) {
  if (const auto found = young_.find(test_run_id); found != young_.end()) return found->second;
  auto known = old_.extract(test_run_id);
  if (known.empty()) return "";
  std::string session = std::move(known.mapped());
  Learn(test_run_id, session);
  return session;
}

void KnownSessions::Learn(const std::string& test_run_id, std::string session) {
  if (young_.size() >= kMost) old_ = std::exchange(young_, {});
  young_.insert_or_assign(test_run_id, std::move(session));
}

void KnownSessions::Forget(const std::string& test_run_id) {
  young_.erase(test_run_id);
  old_.erase(test_run_id);
}

}  // namespace ftl::batch_runner
