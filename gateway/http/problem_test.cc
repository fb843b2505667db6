#include "gateway/http/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::http {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(ProblemTest, SaysWhatIsWrongAndWithWhich) {
  const Response response = ProblemResponse(
      Refuse(Reason::kInvalidField, "temperature must be 0 to 2.").Field("temperature", "must be 0 to 2"), "r1");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"urn:finetunelab:problem:invalid_field","title":"A field is not acceptable","status":422,)"
            R"("detail":"temperature must be 0 to 2.","code":"invalid_field","request_id":"r1",)"
            R"("errors":[{"field":"temperature","message":"must be 0 to 2"}]})");
}

TEST(ProblemTest, SaysHowManyMoreFaultsThereAre) {
  FieldFaults faults;
  for (int i = 0; i < 103; ++i) faults.Add("prompts", "is no text");
  EXPECT_THAT(ProblemResponse(faults.Verdict(), "r").body, HasSubstr(R"(],"more_errors":3})"));
}

TEST(ProblemTest, TellsAWrongTypeByItsStatusAlone) {
  const Response response = ProblemResponse(Refuse(Reason::kWrongType, "No."), "r");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"("code":"invalid_field")"));
}

TEST(ProblemTest, TellsNobodyWhatWentWrongInside) {
  const Response response = ProblemResponse(absl::InternalError("relation secrets"), "r");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("secrets")));
  EXPECT_THAT(ProblemResponse(absl::UnavailableError("ipv4:10.0.0.7 refused"), "r").body, Not(HasSubstr("10.0.0.7")));
}

TEST(ProblemTest, SaysHowLongToWait) {
  EXPECT_THAT(
      ProblemResponse(Refuse(Reason::kActiveSessionExists, "").RetryAfter(absl::Milliseconds(90'001)), "r").fields,
      Contains(Pair("Retry-After", "91")));
  EXPECT_THAT(ProblemResponse(Refuse(Reason::kDraining, ""), "r").fields, Contains(Pair("Retry-After", "2")));
  EXPECT_TRUE(ProblemResponse(Refuse(Reason::kNoRun, ""), "r").fields.empty());
}

}  // namespace
}  // namespace ftl::http
