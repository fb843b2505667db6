#include "common/proto/copy_fields.h"

#include <gtest/gtest.h>

#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/analytics/v1/metrics.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"

namespace ftl {
namespace {

namespace pb = finetunelab::batch_runner::v1;
namespace analytics_pb = finetunelab::analytics::v1;

TEST(CopyFieldsTest, CarriesEveryKindOfFieldByNameWhateverItsNumber) {
  pb::Suite suite;
  suite.set_id("s");
  suite.set_task_domain(pb::TASK_DOMAIN_CUSTOM);
  suite.set_prompt_count(1);
  suite.add_prompts()->set_prompt("Hello");
  pb::CreateSuiteResponse response;
  CopyFields(suite, response);
  EXPECT_EQ(response.id(), "s");
  EXPECT_EQ(response.task_domain(), pb::TASK_DOMAIN_CUSTOM);
  EXPECT_EQ(response.prompt_count(), 1);
  ASSERT_EQ(response.prompts_size(), 1);
  EXPECT_EQ(response.prompts(0).prompt(), "Hello");
}

TEST(CopyFieldsTest, CarriesMaps) {
  analytics_pb::Metrics metrics;
  (*metrics.mutable_errors_by_type())["timeout"] = 2;
  (*metrics.mutable_errors_by_type())["auth"] = 1;
  analytics_pb::GetMetricsResponse response;
  CopyFields(metrics, response);
  EXPECT_EQ(response.errors_by_type().size(), 2u);
  EXPECT_EQ(response.errors_by_type().at("timeout"), 2);
}

TEST(CopyFieldsTest, LeavesWhatIsNotSetAsItWas) {
  pb::Run run;
  run.add_running_prompt_ids(3);
  run.mutable_eta()->set_seconds(2);
  pb::GetRunResponse response;
  response.set_total(9);
  response.set_error("kept");
  CopyFields(run, response);
  EXPECT_EQ(response.total(), 9);
  EXPECT_EQ(response.error(), "kept");
  EXPECT_EQ(response.running_prompt_ids(0), 3);
  EXPECT_EQ(response.eta().seconds(), 2);
  EXPECT_FALSE(response.has_started_at());
}

}  // namespace
}  // namespace ftl
