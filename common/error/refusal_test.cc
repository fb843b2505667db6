#include "common/error/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/grpc_status.h"
#include "common/error/try.h"

namespace ftl {
namespace {

TEST(RefusalTest, KeepsReasonFactsFieldsAndWaitAcrossTheWire) {
  const absl::Status born = Refuse(Reason::kPromptLimitExceeded, "Choose at most 20.")
                                .With("limit", 20)
                                .Field("prompt_limit", "is over 20")
                                .RetryAfter(absl::Milliseconds(1500));
  const absl::Status status = FromGrpcStatus(ToGrpcStatus(born));
  EXPECT_EQ(ReasonOf(status), Reason::kPromptLimitExceeded);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "Choose at most 20.");
  EXPECT_EQ(FactsOf(status).at("limit"), "20");
  ASSERT_EQ(FieldFaultsOf(status).size(), 1u);
  EXPECT_EQ(FieldFaultsOf(status)[0].field, "prompt_limit");
  EXPECT_EQ(RetryAfterOf(status), absl::Milliseconds(1500));
}

TEST(RefusalTest, TellsStrangersNothingOfAnInternalError) {
  const grpc::Status wire = ToGrpcStatus(absl::InternalError("relation \"secrets\" does not exist"));
  EXPECT_THAT(wire.error_message(), testing::Not(testing::HasSubstr("secrets")));
  EXPECT_EQ(ReasonOf(FromGrpcStatus(wire)), Reason::kInternal);
}

TEST(RefusalTest, EveryReasonIsFoundByItsNameAndHasAnHttpStatus) {
  for (int i = 0; i <= static_cast<int>(Reason::kConflict); ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(FactsOf(reason).reason, reason) << i;
    EXPECT_EQ(ReasonNamed(FactsOf(reason).name), reason);
    EXPECT_GE(FactsOf(reason).http_status, 400);
  }
}

TEST(FieldFaultsTest, ListsAHundredAndSaysHowManyMore) {
  FieldFaults faults;
  for (int i = 0; i < 1000; ++i) faults.Add("prompts", "is no text");
  EXPECT_EQ(FieldFaultsOf(faults.Verdict()).size(), 100u);
  EXPECT_EQ(FactsOf(faults.Verdict()).at("more_errors"), "900");
}

TEST(FieldFaultsTest, CutsALongNameBetweenCharacters) {
  FieldFaults faults;
  std::string name = "a";
  for (int i = 0; i < 1'000'000; ++i) name += "é";
  faults.Add(name, "is not known here");
  EXPECT_EQ(FieldFaultsOf(faults.Verdict())[0].field, name.substr(0, 255) + "…");
  EXPECT_LT(faults.Verdict().message().size(), 400u);
}

TEST(FieldFaultsTest, TellsEveryWrongFieldAtOnce) {
  FieldFaults faults;
  EXPECT_TRUE(faults.Verdict().ok());
  faults.Add("name", "is missing");
  faults.Add("prompts", "has no prompt");
  EXPECT_EQ(FieldFaultsOf(faults.Verdict()).size(), 2u);
}

absl::StatusOr<int> Twice(absl::StatusOr<int> number) {
  TRY(const int value, number);
  TRY(absl::OkStatus());
  return 2 * value;
}

TEST(TryTest, HandsAFailureUpAndAValueOn) {
  EXPECT_EQ(*Twice(4), 8);
  EXPECT_EQ(Twice(absl::NotFoundError("no")).status(), absl::NotFoundError("no"));
}

}  // namespace
}  // namespace ftl
