#pragma once

#include <compare>
#include <map>
#include <string>

#include <absl/time/time.h>

namespace ftl::vault {

// A key lent to a service for one session and one purpose.
struct Loan {
  std::string session_hash;
  std::string borrower;
  std::string purpose;
  std::string test_run_id;  // empty for other purposes than a run

  friend auto operator<=>(const Loan&, const Loan&) = default;
};

// Which loans are under way, as far as this replica knows, so that the audit log has one line for a loan and not one
// for each of its renewals. Pure.
class LoanBook {
 public:
  // A loan renewed within this time is the same loan.
  static constexpr absl::Duration kMemory = absl::Minutes(2);

  bool IsUnderWay(const Loan& loan, absl::Time now) const;
  // Lent or renewed.
  void Note(const Loan& loan, absl::Time now);
  size_t size() const { return noted_at_.size(); }

 private:
  std::map<Loan, absl::Time> noted_at_;
  absl::Time cleared_at_ = absl::InfinitePast();
};

}  // namespace ftl::vault
