#include "services/session-vault/vault/loan_book.h"

namespace ftl::vault {

bool LoanBook::IsUnderWay(const Loan& loan, absl::Time now) const {
  const auto noted = noted_at_.find(loan);
  return noted != noted_at_.end() && now - noted->second <= kMemory;
}

void LoanBook::Note(const Loan& loan, absl::Time now) {
  if (now - cleared_at_ > kMemory) {
    std::erase_if(noted_at_, [now](const auto& noted) { return now - noted.second > kMemory; });
    cleared_at_ = now;
  }
  noted_at_.insert_or_assign(loan, now);
}

}  // namespace ftl::vault
