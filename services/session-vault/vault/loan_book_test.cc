#include "services/session-vault/vault/loan_book.h"

#include <gtest/gtest.h>

namespace ftl::vault {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1732190400);
const Loan kLoan{"5f2a", "batch-runner", "run", "run 1"};

TEST(LoanBookTest, TakesARenewalForTheSameLoan) {
  LoanBook book;
  EXPECT_FALSE(book.IsUnderWay(kLoan, kNoon));
  for (int i = 0; i < 100; ++i) {
    book.Note(kLoan, kNoon + i * absl::Seconds(5));
    EXPECT_TRUE(book.IsUnderWay(kLoan, kNoon + (i + 1) * absl::Seconds(5)));
  }
  EXPECT_FALSE(book.IsUnderWay(kLoan, kNoon + absl::Minutes(30)));
}

TEST(LoanBookTest, TellsLoansApartByAllThatIsKnownOfThem) {
  LoanBook book;
  book.Note(kLoan, kNoon);
  for (std::string Loan::*const part : {&Loan::session_hash, &Loan::borrower, &Loan::purpose, &Loan::test_run_id}) {
    Loan other = kLoan;
    other.*part = "other";
    EXPECT_FALSE(book.IsUnderWay(other, kNoon));
  }
}

TEST(LoanBookTest, DoesNotGrowWithLoansThatHaveEnded) {
  LoanBook book;
  for (int i = 0; i < 1000; ++i) book.Note({std::to_string(i), "batch-runner", "run", ""}, kNoon);
  book.Note(kLoan, kNoon + absl::Hours(1));
  EXPECT_EQ(book.size(), 1u);
}

}  // namespace
}  // namespace ftl::vault
