#include "services/batch-runner/call/call_budget.h"

#include <algorithm>
#include <utility>

namespace ftl::batch_runner {

bool CallBudget::Take(const std::string& party) {
  if (kept_.erase(party) > 0) return true;
  if (line_.empty() && used_ < most_) {
    ++used_;
    return true;
  }
  if (std::find(line_.begin(), line_.end(), party) == line_.end()) line_.push_back(party);
  return false;
}

std::optional<std::string> CallBudget::GiveBack() {
  if (line_.empty()) {
    --used_;
    return std::nullopt;
  }
  std::string next = std::move(line_.front());
  line_.pop_front();
  kept_.insert(next);
  return next;
}

std::optional<std::string> CallBudget::Leave(const std::string& party) {
  std::erase(line_, party);
  if (kept_.erase(party) == 0) return std::nullopt;
  return GiveBack();
}

}  // namespace ftl::batch_runner
