#include "services/batch-runner/import/request_table.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/history/timed_id.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Told {
  std::vector<pb::LoggedRequest> rows;
  std::vector<std::string> faults;
};

Told Read(std::string_view text, bool keeps_content = true) {
  Told told;
  auto table = RequestTable::Open(text, keeps_content);
  if (!table.ok()) {
    told.faults.push_back(std::string(table.status().message()));
    return told;
  }
  while (true) {
    auto row = table->Next();
    if (!row.ok()) {
      told.faults.push_back(std::to_string(table->line()) + " " + std::string(row.status().message()));
      continue;
    }
    if (!*row) return told;
    told.rows.push_back(**std::move(row));
  }
}

constexpr std::string_view kOne =
    "timestamp,model,provider,prompt,response,latency,input_tokens\n"
    "2024-05-06 07:08:09.5,m,openai,\"a,\n\"\"b\"\"\",c,1.5,10\n";

TEST(RequestTableTest, ReadsARowByTheNamesThatOthersHave) {
  const Told told = Read(kOne);
  EXPECT_THAT(told.faults, IsEmpty());
  ASSERT_THAT(told.rows, SizeIs(1));
  const pb::LoggedRequest& row = told.rows[0];
  EXPECT_EQ(TimeOfTimedId(row.id()), FromProto(row.timestamp()));
  EXPECT_EQ(absl::FormatTime(FromProto(row.timestamp()), absl::UTCTimeZone()), "2024-05-06T07:08:09.5+00:00");
  EXPECT_EQ(row.service(), "openai");
  EXPECT_EQ(row.kind(), pb::REQUEST_KIND_CHAT);
  EXPECT_EQ(row.status(), pb::REQUEST_STATUS_SUCCESS);
  EXPECT_EQ(row.messages(0).content(), "a,\n\"b\"");
  EXPECT_EQ(FromProto(row.response_time()), absl::Milliseconds(1500));
  EXPECT_EQ(row.prompt_tokens(), 10);
  EXPECT_FALSE(row.has_completion_tokens());
}

TEST(RequestTableTest, LeavesContentOutWhereItIsNotKept) {
  const pb::LoggedRequest row = Read(kOne, false).rows.at(0);
  EXPECT_THAT(row.messages(), IsEmpty());
  EXPECT_FALSE(row.has_prompt_preview() || row.has_response());
}

TEST(RequestTableTest, GivesARowTheSameIdWheneverItIsReadAndNoTwoRowsOne) {
  const std::string text = "created_at;model;prompt\n1700000000;m;a\n1700000000;m;a\n1700000000;m;b\n";
  std::set<std::string> ids;
  for (int time = 0; time < 2; ++time) {
    for (const pb::LoggedRequest& row : Read(text).rows) ids.insert(row.id());
  }
  EXPECT_THAT(ids, SizeIs(3));
  const std::string own = TimedId(absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(Read("id,timestamp,model\n" + own + ",1700000000,m\n").rows.at(0).id(), own);
  EXPECT_NE(Read("id,timestamp,model\n" + own + ",1700000001,m\n").rows.at(0).id(), own);
  EXPECT_EQ(Read("id,timestamp,model\n5,1700000000,m\n").rows.at(0).id(),
            Read("id,timestamp,model,cost\n5,1700000000,m,1\n").rows.at(0).id());
}

TEST(RequestTableTest, TellsAFailedCallByItsErrorOrItsStatus) {
  const Told told = Read(
      "timestamp,model,status,error,error_type\n1700000000,m,,away,network\n1700000001,m,failed,,\n"
      "1700000002,m,in_progress,,\n");
  ASSERT_THAT(told.rows, SizeIs(3));
  EXPECT_EQ(told.rows[0].status(), pb::REQUEST_STATUS_ERROR);
  EXPECT_EQ(told.rows[0].error_type(), finetunelab::endpoint::v1::ERROR_TYPE_NETWORK);
  EXPECT_EQ(told.rows[1].status(), pb::REQUEST_STATUS_ERROR);
  EXPECT_EQ(told.rows[2].status(), pb::REQUEST_STATUS_INTERRUPTED);
}

TEST(RequestTableTest, NamesWhatIsWrongWithARowAndReadsTheNext) {
  const Told told = Read(
      "timestamp,model,prompt_tokens,response_time_ms\n1999-12-31 00:00:00,m,,\n2999-01-01T00:00:00Z,m,,\nnan,m,,\n"
      "1700000000,,,\n1700000000,m,-1,\n1700000000,m,3000000000,\n1700000000,m,,inf\n1700000000,m,,1e12\n"
      "1700000000,\"m\n1700000000,m,,\n");
  EXPECT_THAT(told.faults, SizeIs(9));
  EXPECT_THAT(told.faults.at(0), HasSubstr("2 began before the year 2000"));
  EXPECT_THAT(told.faults.at(8), HasSubstr("10 cannot be read: a quote is opened"));
  EXPECT_THAT(told.rows, IsEmpty()) << "an open quote takes all that follows";
}

TEST(RequestTableTest, RefusesATableThatNamesNoMomentOrNoModel) {
  for (const char* text : {"", "\n\n", "model\nm\n", "timestamp\n1\n", "a,b\n1,2\n"}) {
    EXPECT_THAT(Read(text).faults, SizeIs(1)) << text;
  }
}

}  // namespace
}  // namespace ftl::batch_runner
