#include "services/batch-runner/suite/own_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> FaultyFields(const pb::CreateSuiteRequest& request) {
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(OwnSuite(request).status())) fields.push_back(fault.field);
  return fields;
}

TEST(OwnSuiteTest, MakesACustomSuiteOfPromptsOrContent) {
  pb::CreateSuiteRequest request;
  request.set_name(" Mine ");
  request.add_prompts()->set_prompt("one");
  const auto listed = OwnSuite(request);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->name(), "Mine");
  EXPECT_EQ(listed->task_domain(), pb::TASK_DOMAIN_CUSTOM);
  EXPECT_EQ(listed->prompt_count(), 1);
  request.clear_prompts();
  request.set_content("one\ntwo");
  request.set_content_format(pb::CONTENT_FORMAT_TEXT);
  EXPECT_EQ(OwnSuite(request).value().prompts_size(), 2);
}

TEST(OwnSuiteTest, NamesEveryFaultByItsField) {
  pb::CreateSuiteRequest request;
  request.add_prompts()->set_prompt("one");
  pb::Prompt& second = *request.add_prompts();
  second.add_checks();
  second.set_category("");
  EXPECT_THAT(FaultyFields(request),
              ElementsAre("name", "prompts[1].prompt", "prompts[1].category", "prompts[1].checks[0]"));
}

TEST(OwnSuiteTest, WantsPromptsOrContentAndNotBoth) {
  pb::CreateSuiteRequest request;
  request.set_name("Mine");
  EXPECT_THAT(FaultyFields(request), ElementsAre("prompts"));
  request.set_content("one");
  EXPECT_THAT(FaultyFields(request), ElementsAre("content_format"));
  request.set_content_format(pb::CONTENT_FORMAT_CSV);
  EXPECT_THAT(FaultyFields(request), ElementsAre("content"));
  request.add_prompts()->set_prompt("one");
  EXPECT_THAT(FaultyFields(request), ElementsAre("content"));
  request.clear_content();
  EXPECT_THAT(FaultyFields(request), ElementsAre("content_format"));
}

TEST(OwnSuiteTest, KeepsConversationsAndNamesWhatIsWrongInThem) {
  pb::CreateSuiteRequest request;
  request.set_name("Mine");
  for (const char* role : {"system", "user"}) {
    pb::PromptMessage& message =
        *(request.prompts().empty() ? request.add_prompts() : request.mutable_prompts(0))->add_messages();
    message.set_role(role);
    message.set_content(std::string("said by ") + role);
  }
  const auto suite = OwnSuite(request);
  ASSERT_TRUE(suite.ok()) << suite.status();
  EXPECT_EQ(suite->prompts(0).prompt(), "said by user");
  EXPECT_EQ(suite->prompts(0).messages_size(), 2);
  request.mutable_prompts(0)->mutable_messages(1)->set_role("tool");
  EXPECT_THAT(FaultyFields(request),
              ElementsAre("prompts[0].prompt", "prompts[0].messages[1].role", "prompts[0].messages"));
}

TEST(OwnSuiteTest, ShowsWhatAFileHoldsAndWhatIsWrong) {
  pb::PreviewSuiteRequest request;
  EXPECT_EQ(ReasonOf(PreviewOf(request).status()), Reason::kInvalidField);
  std::string file = "prompt,notes\n";
  for (int i = 0; i < 30; ++i) file += "Hi,x\n";
  request.set_raw_content(file + "a,b,c\n");
  const auto preview = PreviewOf(request);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->prompts_size(), 20);
  EXPECT_EQ(preview->prompt_count(), 30);
  EXPECT_EQ(preview->format(), pb::CONTENT_FORMAT_CSV);
  EXPECT_EQ(preview->encoding(), "utf-8");
  EXPECT_THAT(preview->left_out(), ElementsAre("notes"));
  ASSERT_EQ(preview->faults_size(), 1);
  EXPECT_EQ(preview->faults(0).line(), 32);
}

}  // namespace
}  // namespace ftl::batch_runner
